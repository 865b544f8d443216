//! Unmodified third-party SDKs against `hongbao serve`, over real mutual TLS.
//!
//! A driver for each SDK (`drivers/`) is a process that reads one JSON command a
//! line and prints one JSON result a line: what the SDK itself made of the reply.
//! Nothing of an SDK is changed but its base URL, its CA and its credentials. The
//! harness here starts a server in a folder of its own, drives, and compares with
//! what the ledger says. `cargo run -p hongbao-compat --bin compat-install` gets
//! the SDKs; a test whose SDK is not there says `skipped:` and what to install,
//! unless `HONGBAO_REQUIRE_COMPAT=1`, when it fails.
#![allow(clippy::print_stdout, clippy::print_stderr)] // its reader is who runs the tests

mod admin;
mod credentials;
mod driver;
mod expected;
mod folder;
mod install;
mod judgement;
mod lab;
mod maps;
mod own;
mod packet;
mod page;
mod place;
mod said;
mod sdk;
mod served;
mod table;

pub use admin::Admin;
pub use credentials::{Credentials, Identity};
pub use driver::Driver;
pub use expected::{Fields, query_fields, send_fields};
pub use folder::Folder;
pub use install::{InstallError, Part};
pub use judgement::{Call, Judgement, Mark};
pub use lab::{Lab, installed, lab, lab_behind_gateway, lab_of};
pub use maps::{Maps, WORKWX_FIELDS};
pub use own::{OwnVerdict, own_verdict};
pub use packet::Packet;
pub use page::{committed_table, write_table};
pub use said::{Outcome, Said};
pub use sdk::{Sdk, SignMethod};
pub use served::Served;
pub use table::{Cells, Row, cells, document, rows};
