//! The certificates of a sandbox: its CA, its server, its merchants.
