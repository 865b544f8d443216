//! Figures, their medians, and the page that keeps the last ones.

use std::fmt::Write as _;

/// One row: what was measured, ours, the baseline's, and the ratio with its goal.
pub struct Row {
    /// The goal's number, such as `P1`.
    pub goal: &'static str,
    /// What was measured.
    pub what: String,
    /// Our figure with its unit.
    pub ours: String,
    /// The baseline's name and figure.
    pub baseline: String,
    /// Ours over the baseline's, or its inverse where less is better; more is better.
    pub ratio: Option<f64>,
    /// What the goal asks for, in words.
    pub asked: &'static str,
    /// Whether it was reached; `None` where there is nothing to compare.
    pub reached: Option<bool>,
}

/// The median of the figures; 0 for none.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => 0.0,
        n if n % 2 == 1 => figures[n / 2],
        n => (figures[n / 2 - 1] + figures[n / 2]) / 2.0,
    }
}

/// The rows as a Markdown table.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| goal | what | ours | baseline | ratio | asked | reached |\n|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let ratio = row.ratio.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
        let reached = match row.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "–",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {ratio} | {} | {reached} |",
            row.goal, row.what, row.ours, row.baseline, row.asked
        );
    }
    text
}

/// The machine, in one line.
pub fn machine() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, v)| v.trim()))
        .unwrap_or("unknown processor")
        .to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0u64);
    format!("{model}, {cores} cores, {} GiB", kib / 1024 / 1024)
}

/// Replaces what stands between the two markers of the page.
pub fn keep(page: &std::path::Path, text: &str) -> std::io::Result<()> {
    const BEGIN: &str = "<!-- figures: begin -->\n";
    const END: &str = "<!-- figures: end -->";
    let old = std::fs::read_to_string(page)?;
    let (head, rest) = old
        .split_once(BEGIN)
        .ok_or_else(|| std::io::Error::other("the page lacks its begin marker"))?;
    let (_, tail) = rest
        .split_once(END)
        .ok_or_else(|| std::io::Error::other("the page lacks its end marker"))?;
    std::fs::write(page, format!("{head}{BEGIN}{text}{END}{tail}"))
}
