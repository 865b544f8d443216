//! P1: signed queries over mutual TLS, against a bare server and nginx in the same run.

use crate::load;
use crate::scene::Scene;
use crate::server::Server;
use crate::table::{Row, median};

const CONNECTIONS: usize = 32;

/// A server and what its rounds gave.
struct Lane<'a> {
    name: &'static str,
    server: &'a Server,
    requests: &'a [Vec<u8>],
    rates: Vec<f64>,
    cpu_micros: Vec<f64>,
}

/// What to ask and how long.
pub struct Plan<'a> {
    /// The release binary.
    pub binary: &'a std::path::Path,
    /// Few bill numbers, asked again and again.
    pub hot: &'a [String],
    /// Bill numbers drawn uniformly over all records.
    pub uniform: &'a [String],
    /// How many records there are.
    pub records: u64,
    /// Rounds of each server, in turn.
    pub rounds: usize,
    /// Seconds a round.
    pub seconds: f64,
}

/// Runs all lanes in turn, round after round, and compares medians.
pub fn measure(scene: &Scene, plan: &Plan<'_>) -> std::io::Result<Vec<Row>> {
    let to_requests = |numbers: &[String]| -> Vec<Vec<u8>> {
        numbers.iter().map(|billno| scene.request(billno)).collect()
    };
    let (hot, uniform) = (to_requests(plan.hot), to_requests(plan.uniform));
    let bare = Server::bare(&scene.dir)?;
    let ours = Server::hongbao(plan.binary, &scene.dir)?;
    let nginx = Server::nginx(&scene.dir)?;
    let lane = |name, server, requests| Lane {
        name,
        server,
        requests,
        rates: Vec::new(),
        cpu_micros: Vec::new(),
    };
    let mut lanes = vec![
        lane("bare hot", &bare, hot.as_slice()),
        lane("hot", &ours, hot.as_slice()),
        // Baselines take the same requests: so many of them cost the generator time.
        lane("bare uniform", &bare, uniform.as_slice()),
        lane("uniform", &ours, uniform.as_slice()),
    ];
    if let Some(nginx) = &nginx {
        lanes.push(lane("nginx hot", nginx, hot.as_slice()));
        lanes.push(lane("nginx uniform", nginx, uniform.as_slice()));
    }
    for round in 0..=plan.rounds {
        for lane in &mut lanes {
            eprintln!("P1 {} round {round}/{}", lane.name, plan.rounds);
            let before = lane.server.cpu_seconds();
            let address = lane.server.address;
            let load = load::keep_alive(scene, address, lane.requests, CONNECTIONS, plan.seconds)?;
            if round > 0 {
                let cpu = lane.server.cpu_seconds() - before;
                lane.rates.push(load.rate());
                lane.cpu_micros.push(cpu * 1e6 / load.requests.max(1) as f64);
            }
        }
    }
    Ok(rows(&lanes, plan.records))
}

fn rows(lanes: &[Lane<'_>], records: u64) -> Vec<Row> {
    let figure = |name: &str| {
        let lane = lanes.iter().find(|l| l.name == name)?;
        Some((median(lane.rates.clone()), median(lane.cpu_micros.clone())))
    };
    let text = |(rate, cpu): (f64, f64)| format!("{rate:.0}/s, {cpu:.1} µs CPU");
    let mut rows = Vec::new();
    for (name, asked, least) in [("hot", "≥ 0.90", 0.90), ("uniform", "≥ 0.70", 0.70)] {
        let baseline = |server: &str| figure(&format!("{server} {name}"));
        let (Some(ours), Some(bare)) = (figure(name), baseline("bare")) else { continue };
        let what = format!("queries over mutual TLS, 32 connections, {name} of {records} records");
        rows.push(Row {
            goal: "P1",
            what: what.clone(),
            ours: text(ours),
            baseline: format!("bare hyper + rustls: {}", text(bare)),
            ratio: Some(ours.0 / bare.0),
            asked,
            reached: Some(ours.0 / bare.0 >= least),
        });
        if let Some(nginx) = baseline("nginx") {
            rows.push(Row {
                goal: "P1",
                what,
                ours: text(ours),
                baseline: format!("nginx, static body: {}", text(nginx)),
                ratio: Some(ours.0 / nginx.0),
                asked: "> 1",
                reached: Some(ours.0 > nginx.0),
            });
        }
    }
    rows
}
