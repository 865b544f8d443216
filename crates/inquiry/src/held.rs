//! The numbers that a process has a lease on.

use hongbao_wire::MchBillno;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<BTreeSet<MchBillno>>);

impl Held {
    pub(crate) fn add(&self, mch_billno: &MchBillno) {
        self.numbers().insert(mch_billno.clone());
    }

    pub(crate) fn remove(&self, mch_billno: &MchBillno) {
        self.numbers().remove(mch_billno);
    }

    pub(crate) fn take(&self) -> BTreeSet<MchBillno> {
        std::mem::take(&mut *self.numbers())
    }

    fn numbers(&self) -> MutexGuard<'_, BTreeSet<MchBillno>> {
        // no call within can panic between two changes of it
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
