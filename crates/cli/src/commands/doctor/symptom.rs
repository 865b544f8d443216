//! What `hongbao doctor` can find that is no failure of another command: its codes.

use super::finding::Level;
use crate::exit::Exit;

/// A finding of its own. Cause and remedy stand in `lang/*/doctor.ftl` as
/// `about-finding-CODE` and its `.do`; `docs/doctor.md` lists all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// Nothing is wrong.
    Fine,
    /// The check was not made.
    Skipped,
    /// PEM and PKCS#12 hold different certificates.
    TwoCertificates,
    /// The API key has not 32 characters.
    ApiKeyLength,
    /// The appid begins neither with `ww` nor with `wx`.
    AppidShape,
    /// A CA that is to be believed does not hold now.
    CaExpired,
    /// The host has no address.
    NotResolved,
    /// No address of the host takes a connection.
    NotConnected,
    /// The TLS handshake fails.
    NoHandshake,
    /// No CA that is believed signed the server's certificate.
    ServerUntrusted,
    /// The server's certificate is for another name.
    ServerName,
    /// The server's certificate does not hold now.
    ServerExpired,
    /// The server refused the client certificate without a code.
    CertificateRefused,
    /// The clock is off by a minute or more.
    ClockDrifts,
    /// The clock is off by five minutes or more.
    ClockWrong,
    /// The server has a packet under a number that nobody used.
    NumberExists,
    /// The answer cannot be trusted.
    AnswerUnreadable,
    /// The answer is not one that the question can have.
    OtherAnswer,
    /// No answer came.
    NoAnswer,
    /// Less than 1 GiB of the ledger's disk is free.
    DiskLow,
    /// Others than its owner may read the ledger.
    LedgerOpenToOthers,
    /// The server refuses the certificate in the merchant's folder.
    CertificateRevoked,
}

impl Symptom {
    /// Every symptom, in the order of the page.
    pub const ALL: [Self; 22] = [
        Self::Fine,
        Self::Skipped,
        Self::TwoCertificates,
        Self::ApiKeyLength,
        Self::AppidShape,
        Self::CaExpired,
        Self::NotResolved,
        Self::NotConnected,
        Self::NoHandshake,
        Self::ServerUntrusted,
        Self::ServerName,
        Self::ServerExpired,
        Self::CertificateRefused,
        Self::ClockDrifts,
        Self::ClockWrong,
        Self::NumberExists,
        Self::AnswerUnreadable,
        Self::OtherAnswer,
        Self::NoAnswer,
        Self::DiskLow,
        Self::LedgerOpenToOthers,
        Self::CertificateRevoked,
    ];

    /// The stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "DOCTOR_OK",
            Self::Skipped => "DOCTOR_SKIPPED",
            Self::TwoCertificates => "DOCTOR_TWO_CERTIFICATES",
            Self::ApiKeyLength => "DOCTOR_API_KEY_LENGTH",
            Self::AppidShape => "DOCTOR_APPID_SHAPE",
            Self::CaExpired => "DOCTOR_CA_EXPIRED",
            Self::NotResolved => "DOCTOR_DNS",
            Self::NotConnected => "DOCTOR_TCP",
            Self::NoHandshake => "DOCTOR_TLS",
            Self::ServerUntrusted => "DOCTOR_SERVER_UNTRUSTED",
            Self::ServerName => "DOCTOR_SERVER_NAME",
            Self::ServerExpired => "DOCTOR_SERVER_EXPIRED",
            Self::CertificateRefused => "DOCTOR_CERTIFICATE_REFUSED",
            Self::ClockDrifts => "DOCTOR_CLOCK_DRIFTS",
            Self::ClockWrong => "DOCTOR_CLOCK_WRONG",
            Self::NumberExists => "DOCTOR_NUMBER_EXISTS",
            Self::AnswerUnreadable => "DOCTOR_ANSWER_UNREADABLE",
            Self::OtherAnswer => "DOCTOR_OTHER_ANSWER",
            Self::NoAnswer => "DOCTOR_NO_ANSWER",
            Self::DiskLow => "DOCTOR_DISK_LOW",
            Self::LedgerOpenToOthers => "DOCTOR_LEDGER_OPEN_TO_OTHERS",
            Self::CertificateRevoked => "DOCTOR_CERTIFICATE_REVOKED",
        }
    }

    /// How grave it is, unless a check says that it is less.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Fine => Level::Fine,
            Self::Skipped => Level::Skipped,
            Self::TwoCertificates
            | Self::ApiKeyLength
            | Self::AppidShape
            | Self::ClockDrifts
            | Self::DiskLow
            | Self::LedgerOpenToOthers
            | Self::CertificateRevoked => Level::Warning,
            _ => Level::Error,
        }
    }

    /// What it ends the command with, as an error.
    #[must_use]
    pub const fn exit(self) -> Exit {
        match self {
            Self::NotResolved | Self::NotConnected | Self::NoHandshake | Self::NoAnswer => {
                Exit::NoAnswer
            }
            Self::CertificateRefused
            | Self::NumberExists
            | Self::AnswerUnreadable
            | Self::OtherAnswer => Exit::SetUp,
            _ => match self.level() {
                Level::Error => Exit::Config,
                _ => Exit::Ok,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `docs/doctor.md` has a row for each code, in this order: code, level, exit code.
    #[test]
    fn the_page_lists_every_code() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/doctor.md");
        let page = std::fs::read_to_string(page).unwrap();
        let rows = page.lines().filter(|line| line.starts_with("| `DOCTOR_"));
        let listed: Vec<String> = rows
            .map(|row| row.split('|').skip(1).take(3).map(str::trim).collect::<Vec<_>>().join(" "))
            .collect();
        let wanted: Vec<String> = Symptom::ALL
            .iter()
            .map(|s| format!("`{}` {} {}", s.as_str(), s.level().as_str(), s.exit().code()))
            .collect();
        assert_eq!(listed, wanted);
    }
}
