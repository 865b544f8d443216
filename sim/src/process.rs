//! A merchant's program on one of its machines: operators, a follower, a clerk with a file; it
//! dies and is started again on the same ledger.

use crate::chance::Chance;
use crate::check::Check;
use crate::desk::Desk;
use crate::judge::{self, told_asked, told_sent};
use crate::mortal::Mortal;
use crate::network::Line;
use crate::operator;
use crate::world::{APPID, MCH, World};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use hongbao_client::{AttemptLimits, Client, ClientOptions, Dice, Pace};
use hongbao_inquiry::follow::{Event, Until};
use hongbao_inquiry::reconcile::{Answer, InputRow, Run, RunOptions};
use hongbao_inquiry::{Account, FollowOptions, Follower, Inquirer, InquirerOptions, InquiryError};
use hongbao_ledger::InquiryFilter;
use hongbao_wire::MchBillno;
use hongbao_wire::sign::Policy;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// The numbers of a file, line by line.
type File = Vec<MchBillno>;

const SECOND: Duration = Duration::from_secs(1);

/// The lives of a machine's process, one after another, for ever.
pub(crate) async fn run(world: Arc<World>, machine: usize) {
    let mut chance = Chance::new(world.seed, &format!("machine {machine}"));
    // the first machine does everything, the others a part of it
    let jobs: Vec<usize> =
        (0..world.jobs.len()).filter(|_| machine == 0 || chance.hits(500)).collect();
    let follows = machine == 0 || chance.hits(600);
    let reads = chance.hits(400);
    let mut file = File::new();
    for number in 1_u64.. {
        let life = (machine as u64) << 32 | number;
        let polls_max = world.weather.polls_max;
        let polls = if polls_max == 0 { u64::MAX } else { chance.magnitude(1..polls_max) };
        world.note(format_args!("{life:x} begins"));
        world.judge().done.retain(|(of, _)| *of != machine);
        let inquirer = Arc::new(inquirer(&world, machine, life, &mut chance));
        let duties =
            live(world.clone(), inquirer, machine, &jobs, (follows, reads.then_some(&mut file)));
        if Mortal::new(duties, polls, || !world.is_calm()).await.is_some() {
            return;
        }
        world.judge().tally.deaths += 1;
        world.note(format_args!("{life:x} dies"));
        sleep(chance.wait(SECOND, 1_800 * SECOND)).await;
    }
}

fn inquirer(world: &Arc<World>, machine: usize, life: u64, chance: &mut Chance) -> Inquirer {
    let count_max = u32::try_from(chance.number(1..5)).unwrap_or(1);
    let options = ClientOptions {
        attempts: AttemptLimits { count_max, ..AttemptLimits::DEFAULT },
        pace: Pace::per_second(world.pace),
        dice: Dice::seeded(world.seed ^ (life << 1)),
        has_failover: chance.hits(500),
        ..ClientOptions::default()
    };
    let account = Account {
        mch_id: MCH.into(),
        appid: APPID.into(),
        api_key: world.merchant.api_key.clone(),
        former_api_keys: Vec::new(),
        workwx_secret: Some(world.merchant.workwx_secret.clone()),
        policy: Policy::Require,
    };
    Inquirer::new(
        account,
        Client::with_transport(Arc::new(Line { world: world.clone(), life }), options),
        Arc::new(Desk::new(world.clone(), life)),
        Arc::new(world.clocks[machine].clone()),
        Dice::seeded(world.seed ^ (life << 1 | 1)),
        InquirerOptions {
            resends: chance.hits(900),
            holder: world.has_leases.then(|| format!("{life:x}").into()),
            ..InquirerOptions::default()
        },
    )
}

/// Everything that a process does, until it has nothing left to do.
async fn live(
    world: Arc<World>,
    inquirer: Arc<Inquirer>,
    machine: usize,
    jobs: &[usize],
    (follows, file): (bool, Option<&mut File>),
) {
    let pay = join_all(jobs.iter().map(|job| operator::run(&world, &inquirer, machine, *job)));
    let follow = async {
        if follows {
            follow(&world, inquirer.clone()).await;
        }
    };
    let reconcile = async {
        if let Some(file) = file {
            reconcile(&world, &inquirer, machine, file).await;
        }
    };
    tokio::join!(pay, follow, reconcile);
}

async fn follow(world: &World, inquirer: Arc<Inquirer>) {
    let options = FollowOptions { nap_max: 1_200 * SECOND, ..FollowOptions::default() };
    let follower = Follower::new(inquirer, options);
    loop {
        let on_event = |event: Event| match event {
            Event::Asked(asked) => told_asked(world, &asked),
            Event::Resent(sent) => told_sent(world, &sent),
            Event::Failed { .. } => {}
        };
        let ended = follower.run(Until::Stopped, std::future::pending(), on_event).await;
        // the ledger could not be read
        world.note(format_args!("a follower begins anew: {ended:?}"));
        sleep(5 * SECOND).await;
    }
}

/// A file of all that is known and of what nobody knows is reconciled. It outlives the process:
/// whoever dies over it continues.
async fn reconcile(world: &World, inquirer: &Arc<Inquirer>, machine: usize, file: &mut File) {
    sleep(world.weather.lasts / 3).await;
    while file.is_empty() {
        if let Ok(known) = inquirer.ledger().inquiries(MCH, &all()).await {
            let known = known.into_iter().map(|inquiry| inquiry.key.mch_billno);
            let strangers = world.strangers.iter().map(|number| MchBillno::from(&**number));
            // the first stranger stands in it twice
            file.extend(strangers.clone().take(1).chain(known).chain(strangers));
        }
        sleep(SECOND).await;
    }
    while let Err(error) = reconciled(world, inquirer, &format!("file {machine}"), file).await {
        world.note(format_args!("a clerk begins anew: {}", error.code()));
        sleep(60 * SECOND).await;
    }
}

/// Reads the file to its end.
async fn reconciled(
    world: &World,
    inquirer: &Arc<Inquirer>,
    name: &str,
    file: &[MchBillno],
) -> Result<(), InquiryError> {
    let run = Run::begin(inquirer.clone(), name, RunOptions::default()).await?;
    let rows: Vec<InputRow<()>> = (1..)
        .zip(file)
        .map(|(line, number)| InputRow { line, mch_billno: Some(number.clone()), carried: () })
        .collect();
    let batches: Vec<_> = rows.chunks(3).map(<[InputRow<()>]>::to_vec).collect();
    let mut lines = Vec::new();
    {
        let mut answers = pin!(run.answers(stream::iter(batches)));
        while let Some(answered) = answers.next().await {
            let (row, answer) = answered?;
            let number = row.mch_billno.as_ref().map_or("", |number| number.as_str());
            let first = (1..).zip(file).find(|(_, other)| other.as_str() == number);
            let first = first.map_or(0, |(line, _)| line);
            lines.push(row.line);
            match answer {
                // a duplicate is answered too where its batch was noted before that of the first
                Answer::Found(found) => {
                    judge::told_found(world, number, &found);
                }
                Answer::Duplicate { first_line } if first == first_line && first < row.line => {}
                other => world.blame(Check::NobodyForgotten, format!("`{number}`: {other:?}")),
            }
        }
    }
    if !lines.iter().copied().eq((1..).take(file.len())) {
        world.blame(Check::NobodyForgotten, format!("rows {lines:?} of {}", file.len()));
    }
    run.end().await
}

pub(crate) fn all() -> InquiryFilter {
    InquiryFilter { limit: 1_000, ..InquiryFilter::default() }
}
