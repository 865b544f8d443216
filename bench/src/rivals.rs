//! The SDKs' own turn, measured in their own runtimes, where they are installed.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A rival's figure and what the goal asks for.
pub struct Rival {
    /// Its name.
    pub name: &'static str,
    /// Microseconds of one turn.
    pub micros: f64,
    /// The goal, in words.
    pub asked: &'static str,
    /// The goal as a ratio.
    pub least: f64,
}

/// How to run a rival: a program, its arguments, and the folder that it runs in.
struct Recipe {
    name: &'static str,
    command: Command,
    asked: &'static str,
    least: f64,
}

/// Measures each rival that is installed; says on stderr which is not.
pub fn measure(installed: &Path, reply: &[u8]) -> Vec<Rival> {
    recipes(installed).into_iter().filter_map(|recipe| run(recipe, reply)).collect()
}

fn recipes(installed: &Path) -> Vec<Recipe> {
    let rivals = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals");
    let mut node = Command::new("node");
    node.arg(rivals.join("axios_plugin.js")).env("NODE_PATH", installed.join("node/node_modules"));
    let mut python = Command::new(installed.join("python/bin/python"));
    python.arg(rivals.join("wechatpy_turn.py"));
    let mut java = Command::new("java");
    let classes = format!("{}/*:{}", installed.join("wxjava/lib").display(), rivals.display());
    java.arg("-cp").arg(classes).arg(rivals.join("WxJavaTurn.java"));
    let mut go = Command::new("go");
    go.args(["run", "."]).current_dir(rivals.join("gopay"));
    vec![
        Recipe { name: "wechatpay-axios-plugin", command: node, asked: "≥ 24", least: 24.0 },
        Recipe { name: "wechatpy", command: python, asked: "≥ 30", least: 30.0 },
        Recipe { name: "gopay", command: go, asked: "≥ 18", least: 18.0 },
        Recipe { name: "WxJava", command: java, asked: "≥ 5", least: 5.0 },
    ]
}

/// Feeds the reply on stdin; the script prints microseconds of one turn.
fn run(mut recipe: Recipe, reply: &[u8]) -> Option<Rival> {
    eprintln!("P3 {}", recipe.name);
    let spawned = recipe.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let output = spawned.and_then(|mut child| {
        child.stdin.take().expect("stdin is piped").write_all(reply)?;
        child.wait_with_output()
    });
    let printed = output.ok().filter(|o| o.status.success());
    let micros = printed.and_then(|o| String::from_utf8(o.stdout).ok()?.trim().parse().ok());
    if micros.is_none() {
        eprintln!("{} was not measured: it is not installed or did not run", recipe.name);
    }
    Some(Rival { name: recipe.name, micros: micros?, asked: recipe.asked, least: recipe.least })
}
