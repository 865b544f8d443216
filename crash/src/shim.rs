//! The VFS: SQLite's own, with a journal and faults.

mod file;
mod table;

use crate::fault::{Fault, On};
use crate::journal::Event;
use std::collections::HashSet;
use std::ffi::c_int;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A registered VFS. Give [`Shim::name`] to what opens a connection; all of them in one folder, which
/// is empty at the beginning. It lives as long as the process.
#[derive(Clone, Copy, Debug)]
pub struct Shim {
    shared: &'static Shared,
    name: &'static str,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Signalled when a sync is held or let go.
    turned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    known: HashSet<Box<str>>,
    faults: Vec<Fault>,
    struck: u64,
    hold: Hold,
}

/// Whether a sync waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hold {
    #[default]
    Free,
    Wanted,
    Held,
}

impl Shim {
    /// Registers a new one, with an empty journal and no faults.
    ///
    /// # Panics
    /// Where SQLite has no VFS of its own or no memory.
    #[must_use]
    pub fn register() -> Self {
        let shared = Box::leak(Box::new(Shared::new()));
        Self { shared, name: table::register(shared) }
    }

    /// The same over a folder with these files, as a process finds it that starts anew.
    #[must_use]
    pub fn register_over<'a>(files: impl IntoIterator<Item = &'a str>) -> Self {
        let shim = Self::register();
        shim.shared.lock().known.extend(files.into_iter().map(Box::from));
        shim
    }

    /// Its name for SQLite.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How much has happened: the length of the journal.
    #[must_use]
    pub fn position(&self) -> usize {
        self.shared.lock().events.len()
    }

    /// What has happened.
    #[must_use]
    pub fn journal(&self) -> Vec<Event> {
        self.shared.lock().events.clone()
    }

    /// Notes what was done beside SQLite.
    pub fn note(&self, event: Event) {
        self.shared.lock().events.push(event);
    }

    /// Adds a fault.
    pub fn fail(&self, fault: Fault) {
        self.shared.lock().faults.push(fault);
    }

    /// Lifts all faults; returns how many calls failed since they were last lifted.
    pub fn lift(&self) -> u64 {
        let mut state = self.shared.lock();
        state.faults.clear();
        std::mem::take(&mut state.struck)
    }

    /// Lets the next sync wait until [`Shim::let_go`]: what happens meanwhile waits for it.
    pub fn hold(&self) {
        self.shared.lock().hold = Hold::Wanted;
    }

    /// Blocks until a sync waits.
    pub fn wait_held(&self) {
        let state = self.shared.lock();
        let _state = self.shared.wait_while(state, |state| state.hold != Hold::Held);
    }

    /// Lets the sync go that waits.
    pub fn let_go(&self) {
        self.shared.lock().hold = Hold::Free;
        self.shared.turned.notify_all();
    }
}

impl Shared {
    fn new() -> Self {
        Self { state: Mutex::new(State::default()), turned: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.turned.wait_while(state, condition).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits here where a sync is to be held.
    fn gate(&self) {
        let mut state = self.lock();
        if state.hold == Hold::Wanted {
            state.hold = Hold::Held;
            self.turned.notify_all();
            drop(self.wait_while(state, |state| state.hold == Hold::Held));
        }
    }
}

impl State {
    /// What the call is told where it fails.
    fn strike(&mut self, on: On, file: &str) -> Option<(c_int, bool)> {
        let fault = self.faults.iter_mut().find_map(|fault| {
            let (code, is_short) = (fault.code, fault.is_short);
            fault.strikes(on, file).then_some((code, is_short))
        });
        self.struck += u64::from(fault.is_some());
        fault
    }
}
