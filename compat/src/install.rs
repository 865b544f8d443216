//! Gets the SDKs and builds what drives them, under `target/compat/`.

use crate::place;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// One language with its SDKs; each is installed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// WxJava, by Maven.
    WxJava,
    /// wechatpay-axios-plugin and @tnwx/kits, by npm.
    Node,
    /// wechatpy, by pip in an environment of its own.
    Python,
}

/// Why a part is not there; each names what to do.
#[derive(Debug)]
pub enum InstallError {
    /// A tool of the system is missing.
    NoTool {
        /// The command that was not found.
        tool: &'static str,
        /// The Debian packages that bring it.
        packages: &'static str,
    },
    /// It was never installed, or its driver has changed since.
    NotInstalled(Part),
    /// A step failed.
    StepFailed {
        /// The command line.
        step: String,
        /// What it printed, or why it could not be run.
        output: String,
    },
    /// A file could not be read or written.
    Io(PathBuf, std::io::Error),
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTool { tool, packages } => {
                write!(f, "`{tool}` is missing: install the packages `{packages}`")
            }
            Self::NotInstalled(part) => write!(
                f,
                "the SDKs of `{}` are not installed: run `cargo run -p hongbao-compat --bin compat-install`",
                part.as_str()
            ),
            Self::StepFailed { step, output } => write!(f, "`{step}` failed: {output}"),
            Self::Io(path, error) => write!(f, "`{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for InstallError {}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::WxJava, Self::Node, Self::Python];

    /// Its name, and that of its folders.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WxJava => "wxjava",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    /// The tools it needs, and the Debian packages that bring them.
    const fn tools(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::WxJava => &[("javac", "openjdk-17-jdk-headless"), ("mvn", "maven")],
            Self::Node => &[("node", "nodejs"), ("npm", "npm")],
            Self::Python => &[("python3", "python3 python3-venv")],
        }
    }

    /// Whether it is installed as this version of the drivers needs it.
    ///
    /// # Errors
    /// [`InstallError::NoTool`], [`InstallError::NotInstalled`], [`InstallError::Io`].
    pub fn check(self) -> Result<(), InstallError> {
        self.check_tools()?;
        let stamp = place::installed(self.as_str()).join("installed-from");
        match fs::read(&stamp) {
            Ok(old) if old == self.inputs()? => Ok(()),
            _ => Err(InstallError::NotInstalled(self)),
        }
    }

    /// Installs it, unless it is there already.
    ///
    /// # Errors
    /// Any [`InstallError`] but `NotInstalled`.
    pub fn install(self) -> Result<(), InstallError> {
        match self.check() {
            Err(InstallError::NotInstalled(_)) => {}
            other => return other,
        }
        let folder = place::installed(self.as_str());
        fs::create_dir_all(&folder).map_err(|e| InstallError::Io(folder.clone(), e))?;
        match self {
            Self::WxJava => self.install_wxjava()?,
            Self::Node => self.install_node()?,
            Self::Python => self.install_python()?,
        }
        let stamp = folder.join("installed-from");
        fs::write(&stamp, self.inputs()?).map_err(|e| InstallError::Io(stamp, e))
    }

    fn check_tools(self) -> Result<(), InstallError> {
        for (tool, packages) in self.tools() {
            let found = Command::new(tool)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if !found.is_ok_and(|status| status.success()) {
                return Err(InstallError::NoTool { tool, packages });
            }
        }
        Ok(())
    }

    fn install_wxjava(self) -> Result<(), InstallError> {
        let mut target = std::ffi::OsString::from("-Ddriver.target=");
        target.push(place::installed(self.as_str()));
        let pom = place::drivers(self.as_str()).join("pom.xml");
        run(Command::new("mvn")
            .args(["--quiet", "--batch-mode", "package", "--file"])
            .arg(pom)
            .arg(target))
    }

    fn install_node(self) -> Result<(), InstallError> {
        let folder = place::installed(self.as_str());
        for name in ["package.json", "package-lock.json"] {
            let from = place::drivers(self.as_str()).join(name);
            fs::copy(&from, folder.join(name)).map_err(|e| InstallError::Io(from, e))?;
        }
        let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(options).current_dir(folder))
    }

    fn install_python(self) -> Result<(), InstallError> {
        let folder = place::installed(self.as_str());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let list = place::drivers(self.as_str()).join("requirements.txt");
        run(Command::new(folder.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(list))
    }

    /// The bytes of the files that decide what is installed.
    fn inputs(self) -> Result<Vec<u8>, InstallError> {
        let names: &[&str] = match self {
            Self::WxJava => &[
                "pom.xml",
                "src/main/java/Driver.java",
                "src/main/java/Exchange.java",
                "src/main/java/Fields.java",
                "src/main/java/Identity.java",
                "src/main/java/Signer.java",
            ],
            Self::Node => &["package-lock.json"],
            Self::Python => &["requirements.txt"],
        };
        let mut bytes = Vec::new();
        for name in names {
            let path = place::drivers(self.as_str()).join(name);
            bytes.extend(fs::read(&path).map_err(|e| InstallError::Io(path, e))?);
        }
        Ok(bytes)
    }
}

fn run(command: &mut Command) -> Result<(), InstallError> {
    let step = format!("{command:?}");
    let failed = |output| InstallError::StepFailed { step: step.clone(), output };
    let output = command.stdin(Stdio::null()).output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(failed(String::from_utf8_lossy(&text).into_owned()))
}
