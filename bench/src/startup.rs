//! P9: start-up, idle memory, size of the binary.

use crate::load;
use crate::scene::Scene;
use crate::server::Server;
use crate::table::{Row, median};
use std::path::Path;
use std::time::Instant;

/// From the start of the process to the first answer of a query, and what it holds when idle.
pub fn measure(
    scene: &Scene,
    binary: &Path,
    mch_billno: &str,
    rounds: usize,
) -> std::io::Result<Vec<Row>> {
    let request = scene.request(mch_billno);
    let (mut of_bare, mut of_ours, mut idle_kib) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        eprintln!("P9 round {round}/{rounds}");
        let started = Instant::now();
        let bare = Server::bare(&scene.dir)?;
        load::first_answer(scene, bare.address, &request)?;
        of_bare.push(started.elapsed().as_secs_f64() * 1e3);
        drop(bare);
        let started = Instant::now();
        let ours = Server::hongbao(binary, &scene.dir)?;
        load::first_answer(scene, ours.address, &request)?;
        of_ours.push(started.elapsed().as_secs_f64() * 1e3);
        idle_kib.push(ours.resident_kib() as f64);
    }
    let (bare_ms, ours_ms) = (median(of_bare), median(of_ours));
    let idle_mib = median(idle_kib) / 1024.0;
    let binary_mib = std::fs::metadata(binary)?.len() as f64 / 1024.0 / 1024.0;
    let row = |what: &str, ours: String, baseline: String, ratio, asked, reached| Row {
        goal: "P9",
        what: what.to_owned(),
        ours,
        baseline,
        ratio,
        asked,
        reached: Some(reached),
    };
    Ok(vec![
        row(
            "start of the process to the first answer, handshake included",
            format!("{ours_ms:.0} ms"),
            format!("bare hyper + rustls: {bare_ms:.0} ms"),
            Some(bare_ms / ours_ms),
            "≤ 50 ms",
            ours_ms <= 50.0,
        ),
        row(
            "idle memory",
            format!("{idle_mib:.1} MiB"),
            "–".into(),
            None,
            "≤ 20 MiB",
            idle_mib <= 20.0,
        ),
        row(
            "binary, stripped",
            format!("{binary_mib:.1} MiB"),
            "–".into(),
            None,
            "≤ 20 MiB",
            binary_mib <= 20.0,
        ),
    ])
}
