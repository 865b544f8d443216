//! The CA of a sandbox.

use crate::error::AuthorityError;
use crate::issued::Issued;
use crate::validity::Validity;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
    SerialNumber, date_time_ymd,
};
use std::fmt;
use std::time::Duration;

/// The years for which the CA holds.
const CA_YEARS: u8 = 20;
/// The years for which a server or a merchant holds: exactly five, as WeChat's (`protocol.md` §5).
const LEAF_YEARS: u8 = 5;
/// The longest name in a certificate, characters (X.520's upper bound of CN, O and OU).
const NAME_MAX: usize = 64;

/// The CA of a sandbox: RSA-2048, and its subject has the shape of WeChat's
/// (`CN=… Root CA, OU=… CA Center, O=…, C=CN`; `protocol.md` §5) but says what it is.
pub struct Authority {
    cert_pem: String,
    key_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes a CA that holds for 20 years from `now`.
    ///
    /// # Errors
    /// [`AuthorityError::NotMade`], [`AuthorityError::BadTime`].
    pub fn create(now: Timestamp) -> Result<Self, AuthorityError> {
        let key = new_key()?;
        let mut params = base_params(Validity::years(now, CA_YEARS)?)?;
        params.distinguished_name = subject(&[
            (DnType::CountryName, "CN"),
            (DnType::OrganizationName, "hongbao sandbox"),
            (DnType::OrganizationalUnitName, "hongbao sandbox CA Center"),
            (DnType::CommonName, "hongbao sandbox Root CA"),
        ]);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            cert_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// Takes up a CA that was made before.
    ///
    /// # Errors
    /// [`AuthorityError::BadCertificate`]; [`AuthorityError::BadKey`], also where the key is not
    /// the certificate's.
    pub fn load(cert_pem: &str, key_pem: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key_pem).map_err(|e| AuthorityError::BadKey(e.to_string()))?;
        if certified_key(cert_pem)? != key.public_key_raw() {
            return Err(AuthorityError::BadKey("it belongs to another certificate".to_owned()));
        }
        let issuer = Issuer::from_ca_cert_pem(cert_pem, key)
            .map_err(|e| AuthorityError::BadCertificate(e.to_string()))?;
        Ok(Self { cert_pem: cert_pem.to_owned(), key_pem: key_pem.to_owned(), issuer })
    }

    /// The CA's certificate, PEM.
    #[must_use]
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// The CA's private key, PKCS#8 PEM. A secret.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Issues a server's certificate for five years. `names` are host names and addresses; the
    /// first is also its CN.
    ///
    /// # Errors
    /// [`AuthorityError::BadName`] without a name or with a long first one; else as `create`.
    pub fn issue_server(&self, names: &[&str], now: Timestamp) -> Result<Issued, AuthorityError> {
        let first = name("names", names.first().copied().unwrap_or_default())?;
        let names = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut params = base_params(Validity::years(now, LEAF_YEARS)?)?;
        params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
        params.distinguished_name = subject(&[
            (DnType::CountryName, "CN"),
            (DnType::OrganizationName, "hongbao sandbox"),
            (DnType::CommonName, first),
        ]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// Issues a merchant's certificate for exactly five years:
    /// `CN=<mch_id>, OU=<company>, O=微信商户系统` (`protocol.md` §5).
    ///
    /// # Errors
    /// [`AuthorityError::BadName`]; else as `create`.
    pub fn issue_merchant(
        &self,
        mch_id: &str,
        company: &str,
        now: Timestamp,
    ) -> Result<Issued, AuthorityError> {
        self.issue_merchant_for(mch_id, company, Validity::years(now, LEAF_YEARS)?)
    }

    /// Issues a merchant's certificate for any time: an expired one, for a test.
    ///
    /// # Errors
    /// [`AuthorityError::BadName`]; else as `create`.
    pub fn issue_merchant_for(
        &self,
        mch_id: &str,
        company: &str,
        validity: Validity,
    ) -> Result<Issued, AuthorityError> {
        let mut params = base_params(validity)?;
        params.distinguished_name = subject(&[
            (DnType::CountryName, "CN"),
            (DnType::OrganizationName, "微信商户系统"),
            (DnType::OrganizationalUnitName, name("company", company)?),
            (DnType::CommonName, name("mch_id", mch_id)?),
        ]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    fn issue(&self, mut params: CertificateParams) -> Result<Issued, AuthorityError> {
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        let serial = serial();
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let key = new_key()?;
        let certificate: Certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            cert_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            serial_hex: serial.iter().map(|byte| format!("{byte:02x}")).collect(),
            not_after: Timestamp::from_second(params.not_after.unix_timestamp())
                .map_err(|_| AuthorityError::BadTime)?,
        })
    }
}

fn new_key() -> Result<KeyPair, AuthorityError> {
    Ok(KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?)
}

/// 160 random bits: positive, and without a leading zero, so that every tool prints the
/// same 40 digits of it.
fn serial() -> [u8; 20] {
    let mut serial: [u8; 20] = rand::random();
    serial[0] = serial[0] & 0x3f | 0x40;
    serial
}

fn base_params(validity: Validity) -> Result<CertificateParams, AuthorityError> {
    let time = |at: Timestamp| {
        u64::try_from(at.as_second())
            .map(|seconds| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds))
            .map_err(|_| AuthorityError::BadTime)
    };
    let mut params = CertificateParams::default();
    params.not_before = time(validity.not_before)?;
    params.not_after = time(validity.not_after)?;
    Ok(params)
}

fn subject(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    for (kind, value) in parts {
        subject.push(kind.clone(), *value);
    }
    subject
}

fn name<'n>(field: &'static str, name: &'n str) -> Result<&'n str, AuthorityError> {
    match name.chars().count() {
        1..=NAME_MAX => Ok(name),
        found => Err(AuthorityError::BadName { field, found }),
    }
}

/// The public key of a certificate, as the bits of its subjectPublicKey.
fn certified_key(cert_pem: &str) -> Result<Vec<u8>, AuthorityError> {
    let bad = |error: &dyn fmt::Display| AuthorityError::BadCertificate(error.to_string());
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(cert_pem.as_bytes()).map_err(|error| bad(&error))?;
    let certificate = pem.parse_x509().map_err(|error| bad(&error))?;
    Ok(certificate.public_key().subject_public_key.data.to_vec())
}
