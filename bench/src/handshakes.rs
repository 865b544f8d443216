//! P4: new connections with a full mutual handshake, and resumed ones.

use crate::load;
use crate::scene::Scene;
use crate::server::Server;
use crate::table::{Row, median};
use std::path::Path;

/// Compares full and resumed handshakes with the bare server's.
pub fn measure(
    scene: &Scene,
    binary: &Path,
    mch_billno: &str,
    rounds: usize,
    seconds: f64,
) -> std::io::Result<Vec<Row>> {
    let bare = Server::bare(&scene.dir)?;
    let ours = Server::hongbao(binary, &scene.dir)?;
    let request = scene.request(mch_billno);
    let mut rows = Vec::new();
    for (resume, what, asked, least) in [
        (false, "new connections, full mutual handshake, RSA-2048", "≥ 0.95", 0.95),
        (true, "new connections, resumed", "≥ 0.95", 0.95),
    ] {
        let (mut of_bare, mut of_ours) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            eprintln!("P4 {what} round {round}/{rounds}");
            for (server, rates) in [(&bare, &mut of_bare), (&ours, &mut of_ours)] {
                let load = load::handshakes(scene, server.address, &request, resume, seconds)?;
                if round > 0 {
                    rates.push(load.rate());
                }
            }
        }
        let (of_bare, of_ours) = (median(of_bare), median(of_ours));
        rows.push(Row {
            goal: "P4",
            what: what.to_owned(),
            ours: format!("{of_ours:.0}/s"),
            baseline: format!("bare hyper + rustls: {of_bare:.0}/s"),
            ratio: Some(of_ours / of_bare),
            asked,
            reached: Some(of_ours / of_bare >= least),
        });
    }
    Ok(rows)
}
