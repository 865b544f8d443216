//! One door per effect: which room may read the environment, the clock, the disk, the network.
#![allow(clippy::unwrap_used)]

mod house;

/// Fails where a file outside `allowed` has one of `words` in its code.
#[track_caller]
fn only_in(allowed: &[&str], words: &[&str]) {
    let mut used = 0;
    let mut bad = Vec::new();
    for file in house::room_sources() {
        let code = house::code(&file);
        let Some(word) = words.iter().find(|word| code.contains(**word)) else { continue };
        if allowed.iter().any(|prefix| file.starts_with(prefix)) {
            used += 1;
        } else {
            bad.push(format!("{file}: `{word}`"));
        }
    }
    assert!(bad.is_empty(), "outside {allowed:?}:\n{}", bad.join("\n"));
    assert!(used > 0 || allowed.is_empty(), "{words:?} is used nowhere: the rule is out of date");
}

#[test]
fn only_cli_reads_the_environment() {
    only_in(&["crates/cli/src/"], &["std::env", "env::var", "env::args", "env::temp_dir"]);
}

#[test]
fn only_the_two_clocks_read_the_time_of_day() {
    let words =
        ["SystemTime::now", "Timestamp::now", "ZonedDateTime::now", "Zoned::now", "UNIX_EPOCH"];
    only_in(&["crates/issuer/src/clock.rs", "crates/inquiry/src/clock.rs"], &words);
}

#[test]
fn only_ledger_cli_and_sheet_touch_the_disk() {
    only_in(
        &["crates/ledger/src/", "crates/cli/src/", "crates/sheet/src/"],
        &["std::fs", "tokio::fs", "fs::File", "File::open", "OpenOptions"],
    );
}

#[test]
fn only_the_server_listens() {
    only_in(&["crates/server/src/"], &["TcpListener::bind", "TcpListener::from"]);
}

#[test]
fn only_the_ledger_speaks_sql() {
    only_in(&["crates/ledger/src/"], &["rusqlite", "SELECT ", "INSERT INTO"]);
}

#[test]
fn only_cli_prints() {
    only_in(&["crates/cli/src/"], &["println!", "eprintln!", "print!", "::stdout()", "::stderr()"]);
}

#[test]
fn wire_rolls_no_dice_and_writes_no_log() {
    let words = ["rand::", "getrandom", "tracing::", "log::", "tokio", "async fn", "std::net"];
    for file in house::files("crates/wire/src") {
        let code = house::code(&file);
        assert_eq!(words.iter().find(|word| code.contains(**word)), None, "{file}");
    }
}

#[test]
fn proof_of_failure_is_made_in_one_place() {
    let made: usize = house::room_sources()
        .iter()
        .map(|file| house::code(file).matches("Failed(Failed(()))").count())
        .sum();
    assert_eq!(made, 1, "`Verdict::Failed` is to be made in one place alone");
}
