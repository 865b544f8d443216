//! Several commands of one merchant over one PostgreSQL ledger: no number is asked about twice, and
//! together they keep the merchant's pace.
#![allow(clippy::unwrap_used)]

#[path = "replicas/fleet.rs"]
#[allow(dead_code)]
mod fleet;
mod support;

use fleet::{Fleet, MCH_ID, until};
use hongbao_inquiry::{Clock, SliceKeeper, SystemClock};
use hongbao_ledger::{Inquiries, PostgresLedger, PostgresOptions, SealKey};
use hongbao_postgres_test::{Database, TestServer};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::Arc;
use support::{OPENID, Said, Served, command};
use tokio::sync::mpsc;

const PACE: usize = 10;
const NUMBERS: usize = 60;
/// How late a first question may arrive.
const HANDSHAKE_MS: usize = 500;

/// A payer that logs its calls, and the profile of its merchant with a ledger in a database.
struct Shop {
    payer: Served,
    server: TestServer,
    database: Database,
}

impl Shop {
    /// `None` where PostgreSQL is not installed.
    fn new() -> Option<Self> {
        let server = TestServer::start()?;
        let database = server.database();
        let payer = Served::start_logged();
        payer.tune(&format!(
            "pace_per_second = {PACE}\nledger = \"{}\"\nledger_key_file = \"shared.key\"\n",
            database.url
        ));
        Some(Self { payer, server, database })
    }

    fn begin(&self, args: &[&str]) -> Child {
        let mut command = command();
        command.env("PGPASSWORD", &self.database.password).env("LC_ALL", "C.UTF-8");
        command.arg(args[0]).args(["--profile", &self.payer.profile()]).args(&args[1..]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, args: &[&str]) -> Said {
        end(self.begin(args))
    }

    /// Numbers that nobody sent, each due now; nobody is asked.
    fn import(&self) -> String {
        let rows = (0..NUMBERS).fold("mch_billno\n".to_owned(), |mut rows, n| {
            writeln!(rows, "SHARED{n}").unwrap();
            rows
        });
        let file = self.payer.folder().join("numbers.csv");
        std::fs::write(&file, rows).unwrap();
        let file = file.to_str().unwrap().to_owned();
        let said = self.run(&["import", "--json", &file]);
        assert_eq!(said.json()[0]["imported"], NUMBERS, "{said:?}");
        file
    }

    fn sql(&self, statement: &str) -> String {
        self.server.sql(&self.database.name, statement)
    }

    /// From the first question to the last one the payer heard no more than the pace, as its log has
    /// it, and nothing is kept from others any more. (How many come in one second is tested where
    /// no handshake delays the first ones.)
    fn kept_the_pace(&self) {
        let times = self.payer.times("query");
        let took = usize::try_from(times[times.len() - 1] - times[0]).unwrap();
        let least = times.len().saturating_sub(PACE) * 1000 / PACE;
        assert!(took + HANDSHAKE_MS >= least, "{took} ms, not {least}: {times:?}");
        let now = "extract(epoch FROM clock_timestamp()) * 1000";
        let held = format!("SELECT count(*) FROM paces WHERE holder <> '' AND until > {now}");
        assert_eq!(self.sql(&held), "0");
        assert_eq!(self.sql("SELECT count(*) FROM inquiries WHERE leased_by IS NOT NULL"), "0");
    }
}

fn end(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    Said {
        exit: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn two_who_follow_one_ledger_ask_once_and_keep_one_pace() {
    let Some(shop) = Shop::new() else { return };
    shop.import();
    let follow = ["follow", "--until", "idle", "--json"];
    let both = [shop.begin(&follow), shop.begin(&follow)].map(end);
    let asked: usize = both.iter().map(|said| said.stdout.matches("\"SHARED").count()).sum();
    assert_eq!(shop.payer.calls("query"), NUMBERS, "{both:?}");
    assert!(asked >= NUMBERS, "{both:?}");
    assert_eq!(shop.sql("SELECT count(*) FROM inquiries WHERE asks = 1"), NUMBERS.to_string());
    shop.kept_the_pace();
}

#[test]
fn two_who_reconcile_over_one_ledger_keep_one_pace() {
    let Some(shop) = Shop::new() else { return };
    let file = shop.import();
    let out = |name: &str| shop.payer.folder().join(name).to_str().unwrap().to_owned();
    // the second one is told to be slower than its slice would be
    let reconcile =
        |out: &str, pace: &str| shop.begin(&["reconcile", &file, "--out", out, "--pace", pace]);
    let both = [reconcile(&out("one.csv"), "10"), reconcile(&out("two.csv"), "4")].map(end);
    // nobody sent them: unknown
    assert_eq!(both.each_ref().map(|said| said.exit), [6, 6], "{both:?}");
    let asked = shop.payer.calls("query");
    assert!((NUMBERS..=2 * NUMBERS).contains(&asked), "{asked}: {both:?}");
    shop.kept_the_pace();
}

#[test]
fn a_follower_that_is_stopped_gives_everything_back() {
    let Some(shop) = Shop::new() else { return };
    shop.import();
    let child = shop.begin(&["follow"]);
    until(|| shop.payer.calls("query") > 0);
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.unwrap().success());
    end(child);
    assert!(shop.payer.calls("query") < NUMBERS);
    shop.kept_the_pace();
}

/// Another process has the whole pace, so that it waits for its turn.
#[test]
fn a_send_that_is_stopped_says_that_its_number_stays() {
    let Some(shop) = Shop::new() else { return };
    shop.import();
    let later = "extract(epoch FROM clock_timestamp())::bigint * 1000 + 240000";
    let whole = PACE * 1000;
    let columns = "mch_id, pace, holder, per_1000_seconds, until";
    shop.sql(&format!(
        "INSERT INTO paces ({columns}) VALUES ('{MCH_ID}', 'upstream', 'other', {whole}, {later})"
    ));
    let mut child = shop.begin(&["send", "--to", OPENID, "--amount", "1.00"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut noted = String::new();
    while !noted.starts_with("bill number ") {
        noted.clear();
        assert!(stderr.read_line(&mut noted).unwrap() > 0, "it ended");
    }
    let number = noted["bill number ".len()..].split(':').next().unwrap();
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.unwrap().success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains(&format!("{number} may have been sent")), "{rest}");
    assert_eq!(shop.payer.calls("send"), 0);
}

/// A clock that is an hour ahead.
#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_hours(1)
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_takes_no_slice_from_others() {
    let Some(server) = TestServer::shared() else { return };
    let (database, folder) = (server.database(), tempfile::tempdir().unwrap());
    let mut options = PostgresOptions::new(&database.url).unwrap();
    options.password = Some(hongbao_ledger::Password::new(&database.password));
    let key = SealKey::create(folder.path().join("key")).unwrap();
    let ledger: Arc<dyn Inquiries> = Arc::new(PostgresLedger::open(&options, key).await.unwrap());
    let away = ledger.shared_time().await.unwrap().unwrap().duration_since(SystemClock.now());
    assert!(away.abs() < SignedDuration::from_secs(60), "both are of this machine: {away}");
    let keeper = |holder: &str, clock: Arc<dyn Clock>| SliceKeeper {
        ledger: ledger.clone(),
        clock,
        mch_id: MCH_ID.into(),
        pace: "upstream".into(),
        whole_per_1000_seconds: 20_000,
        holder: holder.into(),
        is_exact: false,
    };
    let first = async |keeper: &SliceKeeper| {
        let (tell, mut told) = mpsc::unbounded_channel();
        let kept = keeper.keep(move |slice| {
            let _ = tell.send(slice.per_1000_seconds);
        });
        tokio::select! {
            granted = told.recv() => granted.unwrap(),
            () = kept => unreachable!("it is kept until it is dropped"),
        }
    };
    let (right, ahead) = (keeper("right", Arc::new(SystemClock)), keeper("ahead", Arc::new(Ahead)));
    assert_eq!(first(&right).await, 20_000);
    assert_eq!(first(&ahead).await, 0, "all of it is the other one's");
    right.release().await;
    assert_eq!(first(&ahead).await, 20_000, "it was given back");
}

/// Both find that the merchant is not there, and both make it.
#[test]
fn two_gateways_that_adopt_a_merchant_at_the_same_time_both_start() {
    let payer = Served::start();
    let Some(mut fleet) = Fleet::gateways(2, &payer.profile()) else { return };
    for which in 0..2 {
        fleet.kill(which);
        std::fs::remove_dir_all(fleet.path(which).join("merchants").join(MCH_ID)).unwrap();
    }
    fleet.sql("DELETE FROM merchants");
    // nobody may write them while both look
    let mut hold = fleet.server.psql(
        &fleet.database.name,
        "BEGIN; LOCK TABLE merchants IN SHARE MODE; \
         DO $$ BEGIN WHILE (SELECT count(*) FROM pg_locks WHERE NOT granted) < 2 LOOP \
         END LOOP; END $$; COMMIT",
    );
    let mut hold = hold.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until(|| fleet.sql("SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock'") != "0");
    fleet.start_all();
    assert!(hold.wait().unwrap().success());
    assert_eq!(fleet.sql("SELECT count(*) FROM merchants"), "1");
}
