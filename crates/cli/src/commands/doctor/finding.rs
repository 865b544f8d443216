//! One finding, and the report that findings are added to.

use super::symptom::Symptom;
use crate::exit::{Exit, Failure};
use crate::lang;
use crate::output::Output;
use crate::say;
use hongbao_wire::ErrorCode;
use owo_colors::{OwoColorize, Style};
use serde_json::json;
use std::path::Path;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing is wrong.
    Fine,
    /// It works, and should be changed.
    Warning,
    /// It does not work.
    Error,
    /// Not looked at.
    Skipped,
}

impl Level {
    /// The stable word of the JSON contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }

    fn words(self) -> String {
        match self {
            Self::Fine => say!("doctor-level-ok"),
            Self::Warning => say!("doctor-level-warning"),
            Self::Error => say!("doctor-level-error"),
            Self::Skipped => say!("doctor-level-skipped"),
        }
    }

    const fn style(self) -> Style {
        match self {
            Self::Fine => Style::new().green(),
            Self::Warning => Style::new().yellow().bold(),
            Self::Error => Style::new().red().bold(),
            Self::Skipped => Style::new().dimmed(),
        }
    }
}

/// What one check found. It holds no secret, no openid and nothing of a secret's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: a stable word (`docs/doctor.md`).
    pub check: &'static str,
    /// Stable, upper case, English; `hongbao explain CODE` describes it.
    pub code: String,
    /// How grave it is.
    pub level: Level,
    /// What it ends the command with, as an error.
    exit: Exit,
    /// What was found, in the user's language.
    pub found: String,
    /// What that comes from.
    cause: Option<String>,
    /// What to do.
    remedy: Option<String>,
}

impl Finding {
    /// Nothing is wrong.
    #[must_use]
    pub fn fine(check: &'static str, found: String) -> Self {
        Self::of(check, Symptom::Fine, found).unexplained()
    }

    /// The check was not made, and why.
    #[must_use]
    pub fn skipped(check: &'static str, why: String) -> Self {
        Self::of(check, Symptom::Skipped, why).unexplained()
    }

    /// A symptom, with its cause and remedy.
    #[must_use]
    pub fn of(check: &'static str, symptom: Symptom, found: String) -> Self {
        Self {
            check,
            level: symptom.level(),
            exit: symptom.exit(),
            ..Self::explained(check, "finding", symptom.as_str(), found)
        }
    }

    /// What would make other commands fail.
    #[must_use]
    pub fn failed(check: &'static str, failure: Failure) -> Self {
        let finding = Self::explained(check, "failure", failure.code, failure.message);
        Self { exit: failure.exit, remedy: failure.hint.or(finding.remedy), ..finding }
    }

    /// What the server answered, other than it should.
    #[must_use]
    pub fn refused(check: &'static str, code: &ErrorCode, found: String) -> Self {
        let exit = match code {
            ErrorCode::SystemError | ErrorCode::PSystemError => Exit::NoAnswer,
            _ => Exit::SetUp,
        };
        Self { exit, ..Self::explained(check, "err", code.as_str(), found) }
    }

    /// The same as a warning: it is found where little hangs on it.
    #[must_use]
    pub fn into_warning(self) -> Self {
        Self { level: Level::Warning, exit: Exit::Ok, ..self }
    }

    /// The same, where an error is a warning only.
    #[must_use]
    pub fn no_error(self) -> Self {
        if self.level == Level::Error { self.into_warning() } else { self }
    }

    /// The same with another remedy.
    #[must_use]
    pub fn with_remedy(self, remedy: String) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// The same, of this merchant.
    #[must_use]
    pub fn of_merchant(self, mch_id: &str) -> Self {
        let found = say!("doctor-merchant", mch_id = mch_id, found = self.found);
        Self { found, ..self }
    }

    /// An error whose cause and remedy are what `hongbao explain` says of its code.
    fn explained(check: &'static str, kind: &str, code: &str, found: String) -> Self {
        let find =
            |attribute: &str| lang::current().find(&format!("about-{kind}-{code}{attribute}"), &[]);
        Self {
            check,
            code: code.to_owned(),
            level: Level::Error,
            exit: Exit::Config,
            found,
            cause: find(""),
            remedy: find(".do"),
        }
    }

    fn unexplained(self) -> Self {
        Self { cause: None, remedy: None, ..self }
    }

    fn to_json(&self, profile: Option<&str>) -> serde_json::Value {
        json!({
            "profile": profile,
            "check": self.check,
            "code": self.code,
            "level": self.level.as_str(),
            "found": self.found,
            "cause": self.cause,
            "remedy": self.remedy,
            "exit_code": self.exit.code(),
        })
    }
}

/// The findings, each printed as soon as it is known.
pub struct Report<'o> {
    out: &'o mut Output,
    json: bool,
    profile: Option<String>,
    exits: Vec<Exit>,
    counts: [usize; 4],
}

impl<'o> Report<'o> {
    /// An empty report.
    pub fn new(out: &'o mut Output, json: bool) -> Self {
        Self { out, json, profile: None, exits: Vec::new(), counts: [0; 4] }
    }

    /// A line for people that is no finding.
    pub fn line(&mut self, line: &str) {
        if !self.json {
            self.out.data(line);
        }
    }

    /// What follows is of this profile.
    pub fn turn_to(&mut self, profile: &Path) {
        self.line(&say!("doctor-of-profile", profile = profile.display()));
        self.profile = Some(profile.display().to_string());
    }

    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.counts[finding.level as usize] += 1;
        if finding.level == Level::Error {
            self.exits.push(finding.exit);
        }
        if self.json {
            self.out.json(&finding.to_json(self.profile.as_deref()));
            return;
        }
        let level = format!("{:<7}", finding.level.words());
        let level = level.style(finding.level.style());
        self.out.data(format_args!("{level}  {:<20}  {}", finding.check, finding.found));
        let code = (finding.cause.is_some() || finding.remedy.is_some()).then_some(&finding.code);
        let more = [
            code.map(|code| say!("doctor-code", code = code)),
            finding.cause.map(|cause| say!("doctor-cause", cause = cause)),
            finding.remedy.map(|remedy| say!("doctor-remedy", remedy = remedy)),
        ];
        for line in more.into_iter().flatten() {
            self.out.data(format_args!("         {line}"));
        }
    }

    /// What a step gave; its failure is added as a finding.
    pub fn tried<T>(&mut self, check: &'static str, step: Result<T, Failure>) -> Option<T> {
        step.map_err(|failure| self.add(Finding::failed(check, failure))).ok()
    }

    /// Adds that these checks were not made, as each needs one that is not in order.
    pub fn skip(&mut self, checks: &[&'static str], needs: &str) {
        for check in checks {
            self.add(Finding::skipped(check, say!("doctor-needs", check = needs)));
        }
    }

    /// Adds that these checks were not made, and why.
    pub fn skip_for(&mut self, checks: &[&'static str], why: &str) {
        for check in checks {
            self.add(Finding::skipped(check, why.to_owned()));
        }
    }

    /// Ends the report; the gravest error decides: what is ours to mend, then what the server
    /// refused, then what could not be reached.
    pub fn end(mut self) -> Exit {
        let [fine, warnings, errors, skipped] = self.counts;
        let counts = say!(
            "doctor-counts",
            fine = fine,
            warnings = warnings,
            errors = errors,
            skipped = skipped
        );
        self.line(&counts);
        exit_of(&self.exits)
    }
}

fn exit_of(errors: &[Exit]) -> Exit {
    let gravest = [Exit::Config, Exit::SetUp, Exit::NoAnswer];
    gravest.into_iter().find(|exit| errors.contains(exit)).unwrap_or(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_to_mend_decides_before_what_others_refuse() {
        let cases: [(&[Exit], Exit); 5] = [
            (&[], Exit::Ok),
            (&[Exit::NoAnswer], Exit::NoAnswer),
            (&[Exit::NoAnswer, Exit::SetUp], Exit::SetUp),
            (&[Exit::SetUp, Exit::Config], Exit::Config),
            (&[Exit::NoAnswer, Exit::Config], Exit::Config),
        ];
        for (errors, exit) in cases {
            assert_eq!(exit_of(errors), exit, "{errors:?}");
        }
    }
}
