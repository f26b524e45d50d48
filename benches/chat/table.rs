//! The table that is printed, row by row as they are measured.

pub struct Table {
    section: &'static str,
}

/// One measure.
pub struct Row<'a> {
    pub section: &'static str,
    pub what: &'a str,
    pub value: f64,
    pub unit: &'static str,
    /// What it is compared with, and its value in the same unit.
    pub against: Option<(&'static str, f64)>,
    pub aim: &'static str,
}

impl Table {
    pub fn new() -> Self {
        Self { section: "" }
    }

    pub fn row(&mut self, row: &Row) {
        if self.section != row.section {
            self.section = row.section;
            println!("\n### {}\n", row.section);
            println!("| measure | value | against | ratio | aim |");
            println!("|---|---:|---|---:|---|");
        }
        let (against, ratio) = match row.against {
            Some((name, value)) => {
                (format!("{name}: {}", number(value)), format!("{:.2}", row.value / value))
            }
            None => ("–".into(), "–".into()),
        };
        let Row { what, unit, aim, .. } = row;
        println!("| {what} | {} {unit} | {against} | {ratio} | {aim} |", number(row.value));
    }
}

/// Three digits that matter, with thousands apart.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
pub fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}
