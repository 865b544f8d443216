//! A report as a chart: a stacked bar for each line, in yuan. Positions are whole pixels, so that
//! equal reports are equal bytes; texts are texts, so that no font is needed here.

use super::table::{by_word, outcome_word};
use crate::exit::Failure;
use crate::say;
use hongbao_ledger::report::Line;
use hongbao_ledger::{By, Outcome, Report};
use jiff::Span;
use jiff::civil::Date;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, TextStyle};

const WHITE: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(38, 43, 51);
const FAINT: RGBColor = RGBColor(107, 114, 128);
const GRID: RGBColor = RGBColor(229, 231, 235);
/// In the order of [`Outcome::ALL`]: told apart without red and green too, by their lightness.
const COLOURS: [RGBColor; 5] = [
    RGBColor(26, 127, 90),
    RGBColor(125, 170, 212),
    RGBColor(200, 55, 45),
    RGBColor(245, 185, 70),
    RGBColor(156, 163, 175),
];
/// The most days that have a bar each: of more the months have, and of more months the years.
const PERIODS_MAX: usize = 400;
/// The most other lines; the rest are brought together.
const BARS_MAX: usize = 24;
const WIDTH: i32 = 960;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The chart of a report. `days` are those that were asked for.
///
/// # Errors
/// None that is known: it is drawn in memory.
pub fn svg(report: &Report, days: (Option<Date>, Option<Date>)) -> Result<String, Failure> {
    let (bars, word) = match report.by {
        By::Day => {
            let (bars, period) = periods(report, days);
            (bars, period.word())
        }
        by => (largest(report), by_word(by)),
    };
    let is_upright = report.by == By::Day;
    let rows = i32::try_from(bars.len()).unwrap_or(i32::MAX).clamp(1, 400);
    let height = if is_upright { 480 } else { 130 + 30 * rows };
    let mut svg = String::new();
    {
        let size = (u32::try_from(WIDTH).unwrap_or(0), u32::try_from(height).unwrap_or(0));
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let chart = Chart { area: &area, bars: &bars, height };
        chart
            .draw(&word, is_upright)
            .and_then(|()| area.present())
            .map_err(|error| Failure::config("CHART_FORMAT", error.to_string()))?;
    }
    Ok(svg)
}

/// A span of time that has a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Day,
    Month,
    Year,
}

impl Period {
    /// The first day of the one that a day is in.
    fn begin(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }

    /// Those from one day to another, each by its first day.
    fn between(self, first: Date, last: Date) -> impl Iterator<Item = Date> {
        let step = match self {
            Self::Day => Span::new().days(1),
            Self::Month => Span::new().months(1),
            Self::Year => Span::new().years(1),
        };
        self.begin(first).series(step).take_while(move |begin| *begin <= last)
    }

    /// The shortest that makes no more bars than there is room for, as far as there is one.
    fn for_days(first: Date, last: Date) -> Self {
        let fits = |period: &Self| {
            period.between(first, last).take(PERIODS_MAX + 1).count() <= PERIODS_MAX
        };
        [Self::Day, Self::Month].into_iter().find(fits).unwrap_or(Self::Year)
    }

    /// How it is called: `2026-01-31`, `2026-01`, `2026`.
    fn key(self, begin: Date) -> String {
        let mut key = begin.to_string();
        let cut = match self {
            Self::Day => 0,
            Self::Month => "-01".len(),
            Self::Year => "-01-01".len(),
        };
        key.truncate(key.len() - cut);
        key
    }

    fn word(self) -> String {
        match self {
            Self::Day => say!("report-day"),
            Self::Month => say!("report-month"),
            Self::Year => say!("report-year"),
        }
    }
}

/// The bars of a report by day, those without packets too, and of what period each is.
fn periods(report: &Report, (from, to): (Option<Date>, Option<Date>)) -> (Vec<Line>, Period) {
    let day = |line: &Line| line.key.parse::<Date>().ok();
    let first = from.or_else(|| report.lines.first().and_then(day));
    let last = to.or_else(|| report.lines.last().and_then(day));
    let (Some(first), Some(last)) = (first, last) else {
        return (report.lines.clone(), Period::Day);
    };
    let period = Period::for_days(first, last);
    let mut lines = report.lines.iter().peekable();
    let bars = period.between(first, last).map(|begin| {
        let mut bar = Line { key: period.key(begin).into(), ..Line::default() };
        let is_in = |line: &&Line| day(line).is_some_and(|day| period.begin(day) == begin);
        while let Some(line) = lines.next_if(is_in) {
            bar.saturating_add(line);
        }
        bar
    });
    (bars.collect(), period)
}

/// The bars of any other report, the largest first.
fn largest(report: &Report) -> Vec<Line> {
    let mut lines = report.lines.clone();
    lines.sort_by(|a, b| b.sent.fen.cmp(&a.sent.fen).then_with(|| a.key.cmp(&b.key)));
    if lines.len() > BARS_MAX {
        let rest = lines.split_off(BARS_MAX - 1);
        let key = say!("report-others", count = rest.len()).into();
        let mut others = Line { key, ..Line::default() };
        rest.iter().for_each(|line| others.saturating_add(line));
        lines.push(others);
    }
    lines
}

struct Chart<'c, 'a> {
    area: &'c Area<'a>,
    bars: &'c [Line],
    height: i32,
}

impl Chart<'_, '_> {
    fn draw(&self, by: &str, is_upright: bool) -> Drawn {
        self.area.fill(&WHITE)?;
        let title = say!("report-chart-title", by = by);
        self.text(&title, (24, 30), 26, INK, HPos::Left)?;
        let period = self.bars.first().zip(self.bars.last()).filter(|_| is_upright);
        if let Some((first, last)) = period {
            let period = format!("{} – {}", first.key, last.key);
            self.text(&period, (WIDTH - 24, 30), 18, FAINT, HPos::Right)?;
        }
        self.legend()?;
        let (step, top) = scale(self.bars.iter().map(height_of).max().unwrap_or(0));
        if is_upright { self.upright(step, top) } else { self.lying(step, top) }
    }

    fn legend(&self) -> Drawn {
        let mut x = 24;
        for (outcome, colour) in Outcome::ALL.into_iter().zip(COLOURS) {
            let word = outcome_word(outcome);
            self.area.draw(&Rectangle::new([(x, 54), (x + 12, 66)], colour.filled()))?;
            self.text(&word, (x + 18, 60), 18, INK, HPos::Left)?;
            x += 18 + width_of(&word, 9) + 24;
        }
        Ok(())
    }

    /// Bars that stand, for days.
    fn upright(&self, step: u64, top: u64) -> Drawn {
        let (left, right, above, below) = (96, WIDTH - 24, 92, self.height - 44);
        let high = below - above;
        for at in 0..=top / step {
            let y = below - share(at * step, top, high);
            self.line([(left, y), (right, y)])?;
            self.text(&axis(at * step), (left - 10, y), 17, FAINT, HPos::Right)?;
        }
        let count = i32::try_from(self.bars.len()).unwrap_or(1).max(1);
        let every = (72 * count / (right - left)).max(0) + 1;
        for (at, bar) in (0..).zip(self.bars) {
            let x = left + (right - left) * at / count;
            let end = left + (right - left) * (at + 1) / count;
            let gap = ((end - x) / 6).min(16);
            let mut sum = 0;
            for (money, colour) in bar.outcomes.iter().zip(COLOURS) {
                let from = below - share(sum, top, high);
                sum += money.fen.get();
                let to = below - share(sum, top, high);
                let corners = [(x + gap, to), ((end - gap).max(x + gap + 1), from)];
                if from > to {
                    self.area.draw(&Rectangle::new(corners, colour.filled()))?;
                }
            }
            if at % every == 0 {
                // of a day the year stands above
                let day = bar.key.get(5..).filter(|day| day.len() == 5).unwrap_or(&bar.key);
                self.text(day, (x + (end - x) / 2, below + 18), 17, FAINT, HPos::Center)?;
            }
        }
        Ok(())
    }

    /// Bars that lie, beside names of any length.
    fn lying(&self, step: u64, top: u64) -> Drawn {
        let (left, right, above, below) = (220, WIDTH - 120, 92, self.height - 38);
        let wide = right - left;
        for at in 0..=top / step {
            let x = left + share(at * step, top, wide);
            self.line([(x, above), (x, below)])?;
            self.text(&axis(at * step), (x, below + 16), 17, FAINT, HPos::Center)?;
        }
        for (at, bar) in (0..).zip(self.bars) {
            let y = above + 30 * at + 5;
            let name = if bar.key.is_empty() { "-".to_owned() } else { shortened(&bar.key) };
            self.text(&name, (left - 10, y + 10), 18, INK, HPos::Right)?;
            let mut sum = 0;
            for (money, colour) in bar.outcomes.iter().zip(COLOURS) {
                let from = left + share(sum, top, wide);
                sum += money.fen.get();
                let to = left + share(sum, top, wide);
                if to > from {
                    self.area.draw(&Rectangle::new([(from, y), (to, y + 20)], colour.filled()))?;
                }
            }
            let end = left + share(sum, top, wide);
            self.text(&axis(sum), (end + 8, y + 10), 17, FAINT, HPos::Left)?;
        }
        Ok(())
    }

    fn line(&self, points: [(i32, i32); 2]) -> Drawn {
        self.area.draw(&PathElement::new(points, GRID.stroke_width(1)))
    }

    fn text(&self, text: &str, at: (i32, i32), size: i32, colour: RGBColor, h: HPos) -> Drawn {
        let style = TextStyle::from(("sans-serif", size).into_font());
        let style = style.color(&colour).pos(Pos::new(h, VPos::Center));
        self.area.draw(&Text::new(text.to_owned(), at, style))
    }
}

/// What a bar shows, fen.
fn height_of(line: &Line) -> u64 {
    line.outcomes.iter().map(|money| money.fen.get()).sum()
}

/// The distance of the lines behind the bars and the end of the axis, fen: 4 to 10 lines, at whole
/// 1, 2 or 5.
fn scale(most: u64) -> (u64, u64) {
    let most = most.max(100);
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if step >= most.div_ceil(5) {
            break;
        }
        let decade = 10_u64.pow(step.ilog10());
        step = decade.saturating_mul(factor);
    }
    (step, most.div_ceil(step) * step)
}

/// `part` of `whole` as pixels of `length`.
fn share(part: u64, whole: u64, length: i32) -> i32 {
    let length = u128::from(length.unsigned_abs());
    let pixels = u128::from(part) * length / u128::from(whole.max(1));
    i32::try_from(pixels.min(length)).unwrap_or(0)
}

/// Fen as yuan of an axis: without `.00`, with `,` between thousands.
fn axis(fen: u64) -> String {
    let digits = (fen / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fen % 100 {
        0 => grouped,
        rest => format!("{grouped}.{rest:02}"),
    }
}

/// The width of a text in pixels, about: a Chinese character is two Latin ones wide.
fn width_of(text: &str, pixels: i32) -> i32 {
    text.chars().map(|c| if c.is_ascii() { pixels } else { 2 * pixels }).sum::<i32>() * 7 / 8
}

/// A name that fits beside its bar.
fn shortened(name: &str) -> String {
    let safe = crate::output::printable(name);
    let mut short = String::new();
    for c in safe.chars() {
        short.push(c);
        if width_of(&short, 8) > 180 {
            short.pop();
            short.push('…');
            break;
        }
    }
    short
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
