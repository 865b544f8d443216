//! What the tests need beside Rust, and how it is installed where it may be.

use crate::process::{answer, program, run};
use clap::Args;
use std::process::Command;

/// Whether anything may be installed.
#[derive(Args, Clone, Copy, Debug)]
pub struct InstallArgs {
    /// Install nothing: where something is missing, say what to install and stop
    #[arg(long)]
    pub no_install: bool,
}

/// One thing that must be there before a test can run.
#[derive(Debug)]
struct Need {
    what: &'static str,
    why: &'static str,
    /// The Debian packages that bring it.
    debian: &'static [&'static str],
    is_there: fn() -> bool,
}

const NEEDS: [Need; 7] = [
    Need {
        what: "a C compiler",
        why: "SQLite and aws-lc are built from source",
        debian: &["gcc", "libc6-dev", "make"],
        is_there: || answer("cc", &["--version"]).is_some(),
    },
    Need {
        what: "a JDK, 17 or newer",
        why: "WxJava, a client that the server is tested with",
        debian: &["default-jdk-headless"],
        is_there: || major("javac", &["-version"]).is_some_and(|version| version >= 17),
    },
    Need {
        what: "Maven",
        why: "brings WxJava",
        debian: &["maven"],
        is_there: || answer("mvn", &["-version"]).is_some(),
    },
    Need {
        what: "Node.js, 18 or newer, with npm",
        why: "wechatpay-axios-plugin, @tnwx/kits; the XML conformance suite",
        debian: &["nodejs", "npm"],
        is_there: || {
            major("node", &["--version"]).is_some_and(|version| version >= 18)
                && answer("npm", &["--version"]).is_some()
        },
    },
    Need {
        what: "Python 3 with venv",
        why: "wechatpy",
        debian: &["python3", "python3-venv"],
        is_there: || answer("python3", &["-c", "import venv, ensurepip"]).is_some(),
    },
    Need {
        what: "openssl",
        why: "one check that our PKCS#12 files are what others read",
        debian: &["openssl"],
        is_there: || answer("openssl", &["version"]).is_some(),
    },
    Need {
        what: "PostgreSQL, 15 or newer",
        why: "the store for many processes; its tests start a server of their own",
        debian: &["postgresql"],
        is_there: has_postgres,
    },
];

/// Sees to it that everything is there. With `no_install` it says what to install and fails.
pub fn ensure(args: InstallArgs) -> Result<(), String> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_there)()).collect();
    for need in &NEEDS {
        let mark = if missing.iter().any(|m| m.what == need.what) { "missing" } else { "ok" };
        eprintln!("{mark:>7}  {} ({})", need.what, need.why);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.debian.iter().copied()).collect();
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if args.no_install {
        return Err(format!("something is missing\nhint: on Debian: `{by_hand}`"));
    }
    install(&packages).map_err(|e| format!("{e}\nhint: install it by hand: `{by_hand}`"))?;
    match missing.iter().find(|need| !(need.is_there)()) {
        None => Ok(()),
        Some(need) => Err(format!("{} is still missing after `{by_hand}`", need.what)),
    }
}

fn install(packages: &[&str]) -> Result<(), String> {
    if answer("apt-get", &["--version"]).is_none() {
        return Err("this is no Debian: nothing was installed".to_owned());
    }
    let sudo = if answer("id", &["-u"]).as_deref() == Some("0") {
        None
    } else if answer("sudo", &["-n", "true"]).is_some() {
        Some("sudo")
    } else {
        return Err("neither root nor `sudo -n`: nothing was installed".to_owned());
    };
    if packages.contains(&"postgresql") {
        leave_clusters_alone(sudo)?;
    }
    run(apt(sudo, &["update", "-q"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let mut args = vec!["install", "-q", "-y", "--no-install-recommends"];
    args.extend(packages);
    run(apt(sudo, &args).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Debian's package makes and starts a server of its own unless it is told not to: the tests want none.
fn leave_clusters_alone(sudo: Option<&str>) -> Result<(), String> {
    let script = "mkdir -p /etc/postgresql-common && \
         { [ -e /etc/postgresql-common/createcluster.conf ] || \
         echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf; }";
    run(&mut match sudo {
        None => program("sh", &["-c", script]),
        Some(sudo) => program(sudo, &["-n", "sh", "-c", script]),
    })
}

fn apt(sudo: Option<&str>, args: &[&str]) -> Command {
    match sudo {
        None => program("apt-get", args),
        Some(sudo) => {
            let mut words = vec!["-n", "apt-get"];
            words.extend(args);
            program(sudo, &words)
        }
    }
}

/// Where Debian puts it, its programs are not in `PATH`: a folder for each version.
fn has_postgres() -> bool {
    let is_new = |version: u32| version >= 15;
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions
        .filter(|version| version.path().join("bin/initdb").is_file())
        .filter_map(|version| version.file_name().to_str()?.parse().ok())
        .any(is_new)
        || major("initdb", &["--version"]).is_some_and(is_new)
}

/// The first number of what a program says of its version: 17 of `javac 17.0.15`.
fn major(name: &str, args: &[&str]) -> Option<u32> {
    first_number(&answer(name, args)?)
}

fn first_number(text: &str) -> Option<u32> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::first_number;

    #[test]
    fn the_first_number_of_a_version_is_the_major_one() {
        assert_eq!(first_number("javac 17.0.15"), Some(17));
        assert_eq!(first_number("v18.19.1"), Some(18));
        assert_eq!(first_number("none"), None);
    }
}
