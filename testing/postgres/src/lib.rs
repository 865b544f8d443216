//! A real PostgreSQL server for tests: in a temporary folder, on a free port of loopback and a socket in that
//! folder, gone with the process that started it, however that ends.
//!
//! It runs as the user `postgres` where the tests run as root, as it refuses to run as root. What it
//! acknowledges it keeps, as in production: `fsync` stays on.

mod guard;
mod programs;
mod server;

pub use programs::{Programs, installed};
pub use server::{Database, Settings, TestServer};
