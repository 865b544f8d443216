//! A whole store: everything that a ledger does, behind one type.

use crate::archive::Archive;
use crate::inquiries::Inquiries;
use crate::ledger::Ledger;

/// Every side of a ledger. `Arc<dyn Store>` turns into an `Arc` of any of the three.
pub trait Store: Ledger + Inquiries + Archive {}

impl<T: Ledger + Inquiries + Archive> Store for T {}
