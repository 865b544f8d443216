//! `hongbao sign`: shows what is signed, and why a signature does not hold.

use crate::args::SignArgs;
use crate::culprit::Mistake;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::lang;
use crate::output::{Output, printable};
use crate::profile::Profile;
use crate::say;
use crate::signature::{self, Kind, SECRET_CHARS, Signature};
use hongbao_wire::sign::Method;
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, WorkwxSecret};
use serde_json::{Value, json};

/// Shows every signature of the file: exit 0 where none is there or all hold, 4 where one
/// does not.
///
/// # Errors
/// [`Failure`] where a file stands in the way.
pub fn run(args: &SignArgs, out: &mut Output) -> Result<Exit, Failure> {
    let (key, secret) = secrets(args)?;
    let bytes = files::read(&args.file)?;
    let document = Document::parse(&bytes).map_err(|error| {
        let message = say!("sign-not-xml", file = args.file.display(), why = error);
        Failure::config("FILE_NOT_XML", message).hint(say!("sign-not-xml-hint"))
    })?;
    let kind = Kind::of(&document);
    let sign = signature::sign_of(&document, &key, secret.as_ref());
    let workwx = secret
        .filter(|_| kind == Kind::SendRequest)
        .map(|secret| signature::workwx_sign_of(&document, &secret, &key));
    if args.json {
        let workwx = workwx.as_ref().map(to_json);
        out.json(&json!({"kind": kind.as_str(), "sign": to_json(&sign), "workwx_sign": workwx}));
    } else {
        if let Some(workwx) = &workwx {
            write("workwx_sign", workwx, out);
        } else if kind == Kind::SendRequest {
            out.talk(say!("sign-no-secret"));
        }
        write("sign", &sign, out);
    }
    let all_hold =
        sign.holds() != Some(false) && workwx.is_none_or(|workwx| workwx.holds() != Some(false));
    Ok(if all_hold { Exit::Ok } else { Exit::SetUp })
}

fn secrets(args: &SignArgs) -> Result<(ApiKey, Option<WorkwxSecret>), Failure> {
    if let Some(path) = &args.profile {
        let profile = Profile::load(path)?;
        return Ok((profile.api_key, profile.workwx_secret));
    }
    let Some(key_file) = &args.key_file else {
        // the definition of the command line demands one of both
        return Err(Failure::usage("USAGE", say!("usage-other")));
    };
    let key = ApiKey::new(files::read_secret_line(key_file)?.as_slice());
    let secret = match &args.secret_file {
        Some(path) => Some(WorkwxSecret::new(files::read_secret_line(path)?.as_slice())),
        None => None,
    };
    Ok((key, secret))
}

fn write(name: &str, signature: &Signature, out: &mut Output) {
    let method = method_word(signature.method);
    out.data(say!("sign-string", name = name));
    out.data(format_args!("  {}", printable(&signature.string)));
    out.data(say!("sign-computed", method = method, computed = signature.computed));
    match (&signature.given, signature.holds()) {
        (Some(given), Some(true)) => out.data(say!("sign-holds", given = given)),
        (Some(given), _) => {
            out.data(say!("sign-wrong", given = given));
            write_culprits(signature, out);
        }
        (None, _) => out.data(say!("sign-absent", name = name)),
    }
    if signature.secret_chars != SECRET_CHARS {
        let (length, right) = (signature.secret_chars, SECRET_CHARS);
        out.hint(say!("sign-length", length = length, right = right));
    }
}

fn write_culprits(signature: &Signature, out: &mut Output) {
    for mistake in &signature.culprits {
        out.data(format_args!("  {:<24} {}", mistake.as_str(), mistake_words(*mistake)));
    }
    if signature.culprits.is_empty() {
        out.hint(say!("sign-no-culprit"));
    } else {
        out.hint(say!("sign-culprit"));
    }
}

/// A mistake in words.
fn mistake_words(mistake: Mistake) -> String {
    lang::current().say(&format!("mistake-{}", mistake.as_str()), &[])
}

fn to_json(signature: &Signature) -> Value {
    let culprits: Vec<&str> = signature.culprits.iter().map(|mistake| mistake.as_str()).collect();
    json!({
        "string": signature.string,
        "method": method_word(signature.method),
        "computed": signature.computed,
        "given": signature.given,
        "holds": signature.holds(),
        "culprits": culprits,
        "secret_chars": signature.secret_chars,
    })
}

const fn method_word(method: Method) -> &'static str {
    match method {
        Method::Md5 => "md5",
        Method::HmacSha256 => "hmac_sha256",
    }
}
