//! One server and one process of each installed SDK, for all tests of a file.

use crate::driver::Driver;
use crate::folder::Folder;
use crate::install::InstallError;
use crate::sdk::Sdk;
use crate::served::Served;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A server, and a driver of each SDK that is installed.
#[derive(Debug)]
pub struct Lab {
    served: Served,
    drivers: Vec<(Sdk, Mutex<Driver>)>,
}

impl Lab {
    /// The server.
    #[must_use]
    pub const fn served(&self) -> &Served {
        &self.served
    }

    /// Runs a check with each installed SDK, all of them at once.
    ///
    /// # Panics
    /// When a check does.
    pub fn each(&self, check: impl Fn(&mut Driver) + Sync) {
        std::thread::scope(|scope| {
            for (_, driver) in &self.drivers {
                scope.spawn(|| check(&mut lock(driver)));
            }
        });
    }

    /// Runs something with one SDK; `None` where it is not installed.
    pub fn with<T>(&self, sdk: Sdk, run: impl FnOnce(&mut Driver) -> T) -> Option<T> {
        let (_, driver) = self.drivers.iter().find(|(other, _)| *other == sdk)?;
        Some(run(&mut lock(driver)))
    }

    /// Whether every SDK is there.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.drivers.len() == Sdk::ALL.len()
    }

    fn open(serve: impl FnOnce() -> Served) -> Option<Self> {
        let installed = installed();
        if installed.is_empty() {
            return None;
        }
        let served = serve();
        let ca_file = served.ca_file();
        let start = |sdk| (sdk, Mutex::new(Driver::start(sdk, Some(&ca_file))));
        let drivers = installed.into_iter().map(start).collect();
        Some(Self { served, drivers })
    }
}

/// The lab of this process; `None` where no SDK is installed.
///
/// # Panics
/// When an SDK is missing and `HONGBAO_REQUIRE_COMPAT=1`.
pub fn lab() -> Option<&'static Lab> {
    lab_of(|_| {})
}

/// The lab of this process; `prepare` changes the server's folder before the first use.
///
/// # Panics
/// When an SDK is missing and `HONGBAO_REQUIRE_COMPAT=1`.
pub fn lab_of(prepare: impl FnOnce(&Folder)) -> Option<&'static Lab> {
    static LAB: OnceLock<Option<Lab>> = OnceLock::new();
    LAB.get_or_init(|| Lab::open(|| Served::start(prepare))).as_ref()
}

/// The lab of this process whose server has a gateway in front of it; `None` where no SDK is
/// installed.
///
/// # Panics
/// When an SDK is missing and `HONGBAO_REQUIRE_COMPAT=1`.
pub fn lab_behind_gateway() -> Option<&'static Lab> {
    static LAB: OnceLock<Option<Lab>> = OnceLock::new();
    LAB.get_or_init(|| Lab::open(Served::start_behind_gateway)).as_ref()
}

/// The SDKs that are installed; of each other one it says that it is skipped.
///
/// # Panics
/// When an SDK is missing and `HONGBAO_REQUIRE_COMPAT=1`.
#[must_use]
pub fn installed() -> Vec<Sdk> {
    Sdk::ALL.into_iter().filter(|sdk| is_installed(*sdk)).collect()
}

fn is_installed(sdk: Sdk) -> bool {
    match sdk.part().check() {
        Ok(()) => true,
        Err(error) => {
            skip(sdk, &error);
            false
        }
    }
}

fn skip(sdk: Sdk, error: &InstallError) {
    let required = std::env::var_os("HONGBAO_REQUIRE_COMPAT").is_some_and(|value| value == "1");
    assert!(!required, "{}: {error}", sdk.as_str());
    // Not by `eprintln!`, which the test harness swallows where a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {}: {error}", sdk.as_str());
}

fn lock(driver: &Mutex<Driver>) -> MutexGuard<'_, Driver> {
    // A check that failed left the driver between two commands: it can go on.
    driver.lock().unwrap_or_else(PoisonError::into_inner)
}
