//! How a command ends: an exit code that scripts can act on, and what a failure says.

/// The exit codes (issue contract; `docs/cli-json.md`). They are an answer, not just success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: done; of a query, the record was obtained and is not failed.
    Ok,
    /// 1: a bug of ours.
    Bug,
    /// 2: the command line cannot be understood.
    Usage,
    /// 3: failed for certain, by a verified reply; the only one that permits a new number.
    Failed,
    /// 4: certificate, signature or permission; nothing was learnt.
    SetUp,
    /// 6: unknown; the number stays.
    Unknown,
    /// 7: no answer; nothing was learnt.
    NoAnswer,
    /// 9: the configuration, a file or this machine stands in the way.
    Config,
    /// 130: stopped by a signal; run again, it goes on.
    Interrupted,
}

impl Exit {
    /// Every exit code, in the order that `hongbao explain` lists them.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::Failed,
        Self::Unknown,
        Self::SetUp,
        Self::NoAnswer,
        Self::Usage,
        Self::Config,
        Self::Bug,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::SetUp => 4,
            Self::Unknown => 6,
            Self::NoAnswer => 7,
            Self::Config => 9,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable, upper case, English; `hongbao explain CODE` describes it.
    pub code: &'static str,
    /// What happened, in the user's language: lower case, no full stop, no secret.
    pub message: String,
    /// What to do, in the user's language.
    pub hint: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

impl Failure {
    /// A failure of the configuration, a file or this machine (exit 9).
    #[must_use]
    pub fn config(code: &'static str, message: String) -> Self {
        Self { code, message, hint: None, exit: Exit::Config }
    }

    /// A command line that cannot be understood (exit 2).
    #[must_use]
    pub fn usage(code: &'static str, message: String) -> Self {
        Self { code, message, hint: None, exit: Exit::Usage }
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }
}
