//! kill -9 of a process that writes to a file.

use crate::given::{self, MCH_ID, budget, spending};
use crate::load::{Listener, reply, write_inquiries, write_packets};
use crate::said::{BALANCE, Said, check};
use crate::{SEED, kills};
use hongbao_ledger::{Commit, Ledger, LedgerError, SealKey, SqliteLedger};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const FOLDER: &str = "HONGBAO_TEST_FOLDER";
const ROUND: &str = "HONGBAO_TEST_ROUND";
const KILLS_SHORT: u64 = 24;
/// After so many kills another ledger begins, as each is read in full after every kill.
const KILLS_OF_A_LEDGER: u64 = 24;

fn open(folder: &Path) -> SqliteLedger {
    let key = SealKey::load_or_create(folder.join("ledger.key")).unwrap();
    SqliteLedger::open(folder.join("ledger.sqlite"), key).unwrap()
}

/// What is said goes to whoever kills.
struct Pipe;

impl Listener for Pipe {
    fn hear(&self, line: String) {
        println!("{line}");
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn fails(&self, error: LedgerError) {
        panic!("{error}");
    }
}

/// Not a test by itself: the process that is killed. It writes for ever.
#[test]
fn write_until_killed() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let ledger: &SqliteLedger = Box::leak(Box::new(open(Path::new(&folder))));
    println!(); // Ends the line that the test harness has begun.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..4 {
            let prefix = format!("{round}x{task}");
            tasks.spawn(async move { write_packets(ledger, &prefix, &Pipe).await });
            let prefix = format!("i{round}x{task}");
            tasks.spawn(async move { write_inquiries(ledger, &prefix, &Pipe).await });
        }
        tasks.join_all().await
    });
}

/// Kills once the process has said so many lines.
fn run_and_kill(folder: &Path, round: u64, lines_wanted: usize, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["sqlite::write_until_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut seen = 0;
    let mut line = String::new();
    let mut killed = false;
    loop {
        line.clear();
        // Lines that were written before the kill are read to the end.
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        if let Some(whole) = line.strip_suffix('\n') {
            seen += usize::from(said.read(whole));
        }
        if seen == lines_wanted && !killed {
            child.kill().unwrap(); // SIGKILL
            killed = true;
        }
    }
    assert!(killed, "the process ended by itself in round {round}");
    child.wait().unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut life = (tempfile::tempdir().unwrap(), Said::default());
    for round in 0..kills(KILLS_SHORT) {
        println!("seed {SEED}, kill {round}"); // Shown where it fails.
        if round % KILLS_OF_A_LEDGER == 0 {
            life = (tempfile::tempdir().unwrap(), Said::default());
            let ledger = open(life.0.path());
            ledger.add_merchant(given::merchant(MCH_ID, BALANCE)).await.unwrap();
        }
        let (folder, said) = (life.0.path(), &mut life.1);
        run_and_kill(folder, round, random.random_range(1..400), said);
        let ledger = open(folder);
        check(&ledger, said).await;
        // And it takes new packets at once.
        let mch_billno = format!("after{round}");
        said.tried.insert(mch_billno.clone());
        let commit = spending(&mch_billno, budget(1));
        ledger.commit(Commit { reply: reply(&mch_billno, 1), ..commit }).await.unwrap();
        said.acknowledged.insert(mch_billno, 1);
    }
}
