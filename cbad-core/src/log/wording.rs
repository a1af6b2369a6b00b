//! What the words of a record cost bits, given the words of the past's sampled records: where a line is unlike the past.
//!
//! It decides nothing. The detector counts whole lines; this says which words of a line stand out.
//!
//! # Formula
//!
//! Words are the masker's; every variable is one word, whatever its value, since the detector does not look at values either.
//! With `n(w)` the sampled occurrences of a word, `N` their sum and `o` the words that occurred once, all new words together
//! have `P₁(new) = (o + ½)/(N + 1)` (Good 1953, after Turing) and a known one `P₁(w) = (1 − P₁(new))·n(w)/N`. After the word
//! `c`, the record's beginning counting as one, that is the prior of weight one of what followed `c`:
//! `P(w | c) = (n(c, w) + P₁(w)) / (n(c) + 1)` (MacKay and Peto 1995). A word costs `−log2 P(w | c)`. Over all `w` the
//! probabilities add up to 1, so the sum over a record is the length of a code for its words (not for how new ones are spelt).

use std::collections::HashMap;

use super::mask::{joins, shown, words, Visitor, MARK};
use crate::evidence::hundredths;
use crate::math::log2;

/// Words of an excerpt that are listed; what the others cost is in the sum.
const MAX_WORDS: usize = 48;
/// What comes before the first word, every variable, and every word that the past does not have.
const START: u32 = 0;
const VARIABLE: u32 = 1;
const NEW: u32 = 2;

/// Counts of the words of some records.
pub struct Wording<'a> {
    ids: HashMap<&'a [u8], u32>,
    /// Occurrences by id, and how often another word followed.
    counts: Vec<f64>,
    followed: Vec<f64>,
    pairs: HashMap<(u32, u32), f64>,
    total: f64,
    once: f64,
}

/// A record for people, with the cost of its words.
pub struct Priced {
    pub text: String,
    /// None where there is no past.
    pub bits: Option<f64>,
    /// Bytes `start..end` of the text, bits.
    pub words: Vec<(u32, u32, f64)>,
}

impl<'a> Wording<'a> {
    pub fn of(records: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut w = Wording {
            ids: HashMap::new(),
            counts: vec![0.0; 3],
            followed: vec![0.0; 3],
            pairs: HashMap::new(),
            total: 0.0,
            once: 0.0,
        };
        for text in records {
            let mut context = START;
            for word in read(text) {
                let id = w.enter(text, &word);
                w.counts[id as usize] += 1.0;
                w.followed[context as usize] += 1.0;
                *w.pairs.entry((context, id)).or_default() += 1.0;
                w.total += 1.0;
                context = id;
            }
        }
        w.once = w.counts.iter().filter(|&&n| n == 1.0).count() as f64;
        w
    }

    fn enter(&mut self, text: &'a [u8], word: &Word) -> u32 {
        if word.variable {
            return VARIABLE;
        }
        let next = self.counts.len() as u32;
        let id = *self.ids.entry(&text[word.start..word.end]).or_insert(next);
        if id == next {
            self.counts.push(0.0);
            self.followed.push(0.0);
        }
        id
    }

    fn id(&self, text: &[u8], word: &Word) -> u32 {
        if word.variable {
            return VARIABLE;
        }
        self.ids.get(&text[word.start..word.end]).copied().unwrap_or(NEW)
    }

    /// The chance of a word after another.
    fn chance(&self, context: u32, id: u32) -> f64 {
        let new = (self.once + 0.5) / (self.total + 1.0);
        let n = self.counts[id as usize];
        // A past without a variable gives one the chance of a new word.
        let prior = if n > 0.0 { (1.0 - new) * n / self.total } else { new };
        let pair = self.pairs.get(&(context, id)).copied().unwrap_or(0.0);
        (pair + prior) / (self.followed[context as usize] + 1.0)
    }

    /// A record as [`shown`] gives it, with the cost of its words.
    pub fn price(&self, record: &[u8], limit: usize) -> Priced {
        let text = shown(record, limit);
        if self.total == 0.0 {
            return Priced { text, bits: None, words: Vec::new() };
        }
        let visible = common(&text, &shown(record, usize::MAX));
        let (mut sum, mut out, mut context) = (0.0, Vec::new(), START);
        // Where each word is in the text: what stands before it is as long as it is shown.
        let (mut raw, mut at) = (0, 0);
        for word in read(record) {
            let id = self.id(record, &word);
            let bits = hundredths((-log2(self.chance(context, id))).max(0.0));
            sum += bits;
            context = id;
            at += length(&record[raw..word.start]);
            let end = at + length(&record[word.start..word.end]);
            let clipped = end.min(visible);
            // What is no UTF-8 is shown otherwise in a part of the text than in the whole: such a word has no place.
            let whole = text.is_char_boundary(at.min(clipped)) && text.is_char_boundary(clipped);
            if at < clipped && whole && out.len() < MAX_WORDS {
                out.push((at as u32, clipped as u32, bits));
            }
            (raw, at) = (word.end, end);
        }
        Priced { text, bits: Some(hundredths(sum)), words: out }
    }
}

/// How many bytes two texts begin with alike, whole characters of them.
fn common(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

/// Bytes of a part of a record as it is shown, uncut.
fn length(part: &[u8]) -> usize {
    shown(part, usize::MAX).len()
}

/// A word of a record, variables that are joined as in an address being one.
struct Word {
    start: usize,
    end: usize,
    variable: bool,
}

/// The words of a record. Behind a mark without its partner, where a record was cut within a variable, there are none.
fn read(text: &[u8]) -> Vec<Word> {
    struct Reader<'t> {
        text: &'t [u8],
        words: Vec<Word>,
    }
    impl Visitor for Reader<'_> {
        fn literal(&mut self, start: usize, end: usize) -> bool {
            self.words.push(Word { start, end, variable: false });
            true
        }
        fn variable(&mut self, start: usize, end: usize) -> bool {
            match self.words.last_mut() {
                Some(w) if w.variable && joins(self.text, w.end, start) => w.end = end,
                _ => self.words.push(Word { start, end, variable: true }),
            }
            true
        }
    }
    let marks = text.iter().filter(|&&b| b == MARK).count();
    let whole = match text.iter().rposition(|&b| b == MARK) {
        Some(last) if marks % 2 == 1 => &text[..last],
        _ => text,
    };
    let mut reader = Reader { text: whole, words: Vec::new() };
    words(whole, &mut reader);
    reader.words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn past(lines: &[&'static str]) -> Wording<'static> {
        Wording::of(lines.iter().map(|l| l.as_bytes()))
    }

    #[test]
    fn the_cost_is_the_formula() {
        let w = past(&["user 1 logged in", "user 2 logged in", "user 3 logged out"]);
        // 12 words; "out" occurred once, "user", the variable and "logged" three times, "in" twice.
        let new = 1.5 / 13.0;
        let p1 = |n: f64| (1.0 - new) * n / 12.0;
        let priced = w.price(b"user 9 logged off", 512);
        let costs: Vec<f64> = priced.words.iter().map(|w| w.2).collect();
        let expected = [(3.0 + p1(3.0)) / 4.0, (3.0 + p1(3.0)) / 4.0, (3.0 + p1(3.0)) / 4.0, new / 4.0];
        for (cost, p) in costs.iter().zip(expected) {
            assert!((cost + log2(p)).abs() <= 0.005, "{cost} {p}");
        }
        assert_eq!(costs.len(), 4);
        assert!((priced.bits.unwrap() - costs.iter().sum::<f64>()).abs() < 1e-9);
    }

    #[test]
    fn an_unknown_word_stands_out_and_a_value_does_not() {
        let lines: Vec<String> = (0..60).map(|i| format!("order SO-{i} placed for {} EUR", i * 7)).collect();
        let w = Wording::of(lines.iter().map(|l| l.as_bytes()));
        let priced = w.price("order SO-4711 refused for 12 EUR".as_bytes(), 512);
        let shown: Vec<(&str, f64)> =
            priced.words.iter().map(|&(s, e, b)| (&priced.text[s as usize..e as usize], b)).collect();
        let (odd, _) = shown.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(*odd, "refused");
        assert!(shown.iter().filter(|(w, _)| *w != "refused").all(|(w, b)| *b < 6.0 || *w == "for"), "{shown:?}");
    }

    #[test]
    fn a_word_that_is_no_utf8_has_no_place() {
        let priced = past(&["a"]).price(&[0xc2, MARK, 0x80, 0x80], 8);
        assert!(
            priced.words.iter().all(|&(s, e, _)| priced.text.get(s as usize..e as usize).is_some()),
            "{:?}",
            priced.words
        );
    }

    #[test]
    fn without_a_past_nothing_is_said() {
        let priced = past(&[]).price(b"a line", 512);
        assert_eq!((priced.text.as_str(), priced.bits, priced.words.len()), ("a line", None, 0));
    }

    #[test]
    fn marked_values_are_one_word_in_their_quotes() {
        let w = past(&["user known"]);
        let priced = w.price(b"user \xffalice \"b\" smith\xff known", 512);
        let parts: Vec<&str> = priced.words.iter().map(|&(s, e, _)| &priced.text[s as usize..e as usize]).collect();
        assert_eq!(parts, ["user", r#""alice \"b\" smith""#, "known"]);
    }

    /// Texts with words, marks, several bytes a character, and bytes that are none.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            "[a-c ]{0,6}".prop_map(String::into_bytes),
            "[äöü0-9.: ]{0,4}".prop_map(String::into_bytes),
            Just(vec![MARK]),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(part, 0..24).prop_map(|p| p.concat())
    }

    proptest! {
        /// Every place is one of the text, in order; literals are there as they were; costs add up.
        #[test]
        fn places_are_those_of_the_text(lines in prop::collection::vec(text(), 1..6), record in text(), limit in 8usize..120) {
            let w = Wording::of(lines.iter().map(|l| &l[..]));
            let priced = w.price(&record, limit);
            prop_assert_eq!(&priced.text, &shown(&record, limit));
            let mut from = 0;
            for &(s, e, bits) in &priced.words {
                prop_assert!(from <= s && s < e && priced.text.get(s as usize..e as usize).is_some(), "{:?}", priced.words);
                prop_assert!(bits >= 0.0 && bits.is_finite());
                from = e;
            }
            let listed: f64 = priced.words.iter().map(|w| w.2).sum();
            prop_assert!(listed <= priced.bits.unwrap_or(0.0) + 0.011 || w.total == 0.0);
        }

        /// What may follow a word, new words being one, has the probability 1 together.
        #[test]
        fn chances_add_up_to_one(lines in prop::collection::vec("[a-d]{1,2}( [a-d]{1,2}| [0-9]){0,6}", 1..8)) {
            let w = Wording::of(lines.iter().map(|l| l.as_bytes()));
            for context in 0..w.counts.len() as u32 {
                let known = (VARIABLE..w.counts.len() as u32).filter(|&id| id != NEW && w.counts[id as usize] > 0.0);
                let sum: f64 = known.chain([NEW]).map(|id| w.chance(context, id)).sum();
                prop_assert!((sum - 1.0).abs() < 1e-9, "{sum} after {context}");
            }
        }
    }
}
