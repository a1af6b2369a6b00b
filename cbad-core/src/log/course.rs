//! An odd request put into an item: its templates in order, what is odd among them and what mostly stands there.
//!
//! It does not find what is odd ([`crate::request`] does).

use std::fmt::Write as _;

use super::mask;
use super::window::{END, START};
use crate::request::{Course, Oddity, Usual};
use crate::Item;

/// Bytes of the course's text, and of one line of it.
const MAX_TEXT: usize = 1024;
const MAX_LINE: usize = 120;
/// Lines of the course; of longer ones those around the odd place.
const MAX_LINES: usize = 12;

/// Fills the item's template (what is odd; empty: what came together), context (what it followed; empty: it is odd for how
/// often it came), usual (what mostly stands there) and sample (the course, one template a line, `>` before the odd one).
pub fn describe(course: &Course, item: &mut Item, name: impl Fn(u64) -> String) {
    match course.oddity {
        Oddity::Step(step) => {
            let at = |i: usize| course.symbols.get(i).copied();
            item.template = name(at(step.at).unwrap_or(END));
            item.context_template = name(step.at.checked_sub(1).and_then(at).unwrap_or(START));
            item.usual = match step.usual {
                Usual::Varies => String::new(),
                Usual::End => name(END),
                Usual::Symbol(symbol) => name(symbol),
            };
        }
        Oddity::Times(symbol) => item.template = name(symbol),
        Oddity::Together => {}
    }
    item.sample = text(course, name);
}

fn text(course: &Course, name: impl Fn(u64) -> String) -> String {
    // Repetitions are one line: (first place, symbol, times).
    let mut lines: Vec<(usize, u64, usize)> = Vec::new();
    for (i, &symbol) in course.symbols.iter().chain(std::iter::once(&END)).enumerate() {
        match lines.last_mut() {
            Some(last) if last.1 == symbol && course.place() != Some(i) => last.2 += 1,
            _ => lines.push((i, symbol, 1)),
        }
    }
    let odd = course.place().and_then(|place| lines.iter().position(|l| l.0 == place));
    let first = odd.unwrap_or(0).saturating_sub(MAX_LINES / 2).min(lines.len().saturating_sub(MAX_LINES));
    let shown = &lines[first..lines.len().min(first + MAX_LINES)];
    let mut out = String::new();
    if first > 0 {
        out.push_str("  …\n");
    }
    for (i, &(_, symbol, times)) in shown.iter().enumerate() {
        out.push_str(if odd == Some(first + i) { "> " } else { "  " });
        out.push_str(&mask::lossy(name(symbol).as_bytes(), MAX_LINE));
        if times > 1 {
            let _ = write!(out, " ({times} times)");
        }
        out.push('\n');
    }
    if first + shown.len() < lines.len() {
        out.push_str("  …\n");
    }
    mask::lossy(out.trim_end().as_bytes(), MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{observe, record, window};
    use super::super::LogStream;
    use super::*;
    use crate::{ChannelKind, Detector, Params, Window};

    const SECOND: u64 = 1_000_000_000;

    /// Sixty requests a minute on two courses; in the last minute six take another. What is said of them.
    fn said(odd: &[&str]) -> Item {
        let mut stream = LogStream::new(Params::default());
        let mut items = vec![];
        for minute in 0..60u64 {
            let mut records = vec![];
            for r in 0..60u64 {
                let long = ["opened the account", "read a page", "read a page", "closed the account"];
                let short = [long[0], long[1], long[3]];
                let lines: &[&str] = match r {
                    0..6 if minute == 59 => odd,
                    _ if r % 2 == 0 => &long,
                    _ => &short,
                };
                for (i, line) in (0..).zip(lines) {
                    records.push(record((minute * 60 + r) * SECOND + i, minute * 100 + r + 1, 9, *line));
                }
            }
            observe(&mut stream, &records);
            items = stream.close(&Window { last: minute == 59, ..window(minute) }).items;
        }
        items.into_iter().find(|i| i.channel == ChannelKind::Request).expect("odd requests are said")
    }

    #[test]
    fn what_is_left_out_is_named() {
        let item = said(&["opened the account", "closed the account"]);
        assert_eq!(
            (item.template.as_str(), item.context_template.as_str()),
            ("closed the account", "opened the account")
        );
        assert_eq!(item.usual, "read a page");
        assert_eq!(item.sample, "  opened the account\n> closed the account\n  (end)");
    }

    #[test]
    fn a_request_that_breaks_off_ends_where_it_should_go_on() {
        let item = said(&["opened the account"]);
        assert_eq!((item.template.as_str(), item.context_template.as_str()), ("(end)", "opened the account"));
        assert_eq!((item.usual.as_str(), item.sample.as_str()), ("read a page", "  opened the account\n> (end)"));
    }

    #[test]
    fn what_comes_far_too_often_is_named() {
        let mut odd = vec!["opened the account"];
        odd.extend(["read a page"; 40]);
        odd.push("closed the account");
        let item = said(&odd);
        assert_eq!((item.template.as_str(), item.context_template.as_str()), ("read a page", ""));
        assert_eq!(item.sample, "  opened the account\n> read a page (40 times)\n  closed the account\n  (end)");
    }

    #[test]
    fn a_long_course_is_shown_around_the_odd_place() {
        let symbols: Vec<u64> = (10..60).collect();
        let step = crate::request::Step { at: 30, usual: Usual::Varies };
        let course = Course::new(symbols, Oddity::Step(step));
        let text = text(&course, |s| format!("line {s}"));
        assert!(text.starts_with("  …\n  line 34\n") && text.contains("> line 40\n") && text.ends_with("…"), "{text}");
        assert!(text.lines().count() == 14);
        let course = Course::new(vec![7; 3], Oddity::Together);
        assert!(super::text(&course, |_| "x".repeat(5000)).len() < 400);
    }
}
