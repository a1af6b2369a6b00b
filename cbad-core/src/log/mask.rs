//! Splits a text into words, tells variables from literals, and hashes what stays the same.
//!
//! It keeps no state between texts and does not decide which texts belong together.
//!
//! # Rules
//!
//! A word is a run of `[A-Za-z0-9_]` and bytes from 0x80 up. It is a variable when it holds a digit, or is all hex
//! digits and at least 8 long, or at least 40 long, or four hex letters after a `-` that follows a variable (UUIDs).
//! Everything between words only separates. What stands between two [`MARK`] bytes is one variable, whatever it
//! holds: whoever makes the text may know that a value is one.
//!
//! The identity of a text is the ordered *first occurrences* of its literals and of its (previous literal, variable)
//! pairs, the first [`MAX_TOKENS`] of them; a further variable after the same literal, unless joined to the one before
//! as in an address, is a pair of another kind. So repeated list items add nothing, a list of 3 and one of 30 are
//! one template, but one value and a list of values are two: services often say both of two operations. "Seen before" is asked of a 512-bit set per text; a collision in it (about `n/512`) leaves
//! out a token for good, in every text of the template alike, so identities stay stable.
//!
//! # Cost
//!
//! One pass, one table look-up a byte, one multiplication per eight bytes of a literal; no allocation.

/// Bytes of a text that are looked at. The rest neither counts nor costs.
pub const MAX_TEXT: usize = 64 * 1024;
/// First occurrences that make the identity.
pub const MAX_TOKENS: usize = 48;

/// Encloses a variable. No byte of valid UTF-8, so no text holds it by chance.
pub const MARK: u8 = 0xff;

const LETTER: u8 = 1;
const HEX: u8 = 2;
const DIGIT: u8 = 4;
/// Bits of the classes that words are made of.
const WORD: u8 = 7;
const MARKED: u8 = 8;

/// Class of each byte; 0 separates.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut t = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = match i as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' | b'A'..=b'F' => HEX,
            b'g'..=b'z' | b'G'..=b'Z' | b'_' | 0x80..=0xfe => LETTER,
            MARK => MARKED,
            _ => 0,
        };
        i += 1;
    }
    t
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const MIX_WORD: u64 = 0xD6E8_FEB8_6659_FD93;

/// What [`words`] hands out, in order.
pub(super) trait Visitor {
    /// A literal word `text[start..end]`. False stops the walk.
    fn literal(&mut self, start: usize, end: usize) -> bool;
    /// A variable word `text[start..end]`. False stops the walk.
    fn variable(&mut self, start: usize, end: usize) -> bool;
}

/// Walks over the words of a text.
#[inline(always)]
pub(super) fn words<V: Visitor>(text: &[u8], visitor: &mut V) {
    let text = &text[..text.len().min(MAX_TEXT)];
    let mut i = 0;
    let mut variable_end = usize::MAX;
    loop {
        while i < text.len() && CLASS[text[i] as usize] == 0 {
            i += 1;
        }
        if i == text.len() {
            return;
        }
        let start = i;
        let variable = if text[i] == MARK {
            i = marked(text, i);
            if i == start + 1 {
                continue;
            }
            true
        } else {
            let mut classes = 0;
            while i < text.len() {
                let class = CLASS[text[i] as usize];
                if class & WORD == 0 {
                    break;
                }
                classes |= class;
                i += 1;
            }
            let len = i - start;
            let hex = classes & LETTER == 0;
            classes & DIGIT != 0
                || hex && len >= 8
                || len >= 40
                || hex && len == 4 && start > 0 && variable_end == start - 1 && text[start - 1] == b'-'
        };
        let go_on = if variable {
            variable_end = i;
            visitor.variable(start, i)
        } else {
            variable_end = usize::MAX;
            visitor.literal(start, i)
        };
        if !go_on {
            return;
        }
    }
}

/// Where the variable that the mark at `at` begins has its end; just behind the mark when it has no partner and only separates.
#[cold]
#[inline(never)]
fn marked(text: &[u8], at: usize) -> usize {
    at + 1 + text[at + 1..].iter().position(|&b| b == MARK).map_or(0, |length| length + 1)
}

/// The identity of one text: a hash and the tokens behind it. Reused from text to text.
#[derive(Clone, Debug)]
pub struct Identity {
    hash: u64,
    len: usize,
    tokens: [u32; MAX_TOKENS],
    first_literal: u32,
}

impl Default for Identity {
    fn default() -> Self {
        Identity { hash: 0, len: 0, tokens: [0; MAX_TOKENS], first_literal: 0 }
    }
}

impl Identity {
    /// Reads a text.
    pub fn read(&mut self, text: &[u8]) {
        let mut walk = Walk { text, identity: self, state: 0x0123_4567, seen: [0; 8], previous: 1, variable_end: None };
        walk.identity.len = 0;
        walk.identity.first_literal = 0;
        words(text, &mut walk);
        let h = walk.state;
        // Never 0: a table may use 0 for "empty".
        self.hash = (h ^ (h >> 31)) | 1;
    }

    /// Hash of the ordered tokens.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The tokens in order: literals even, (literal, variable or list) pairs odd.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens[..self.len]
    }

    /// The first literal's token, 0 when there is none.
    pub fn first_literal(&self) -> u32 {
        self.first_literal
    }
}

struct Walk<'a> {
    text: &'a [u8],
    identity: &'a mut Identity,
    state: u64,
    seen: [u64; 8],
    previous: u32,
    /// End of the variable before, while no literal followed it.
    variable_end: Option<usize>,
}

impl Walk<'_> {
    /// Adds a token unless seen; false when the identity is full.
    #[inline(always)]
    fn token(&mut self, key: u32, mixed: u64, token: u32) -> bool {
        let bit = (key >> 23) as usize;
        let word = &mut self.seen[bit >> 6];
        let mask = 1u64 << (bit & 63);
        if *word & mask == 0 {
            *word |= mask;
            self.state = (self.state.rotate_left(7) ^ mixed).wrapping_mul(MIX);
            self.identity.tokens[self.identity.len] = token;
            self.identity.len += 1;
        }
        self.identity.len < MAX_TOKENS
    }
}

impl Visitor for Walk<'_> {
    #[inline(always)]
    fn literal(&mut self, start: usize, end: usize) -> bool {
        let h = word_hash(self.text, start, end);
        let key = (h >> 16) as u32;
        self.previous = key;
        self.variable_end = None;
        if self.identity.first_literal == 0 {
            self.identity.first_literal = key & !1;
        }
        self.token(key, h, key & !1)
    }

    #[inline(always)]
    fn variable(&mut self, start: usize, end: usize) -> bool {
        let key = self.previous.wrapping_mul(0x85EB_CA6B) ^ 0x5BD1_E995;
        // One value and a list of values are different statements; lists of two and of nine are the same.
        let listed = self.variable_end.is_some_and(|e| !joins(self.text, e, start));
        self.variable_end = Some(end);
        let key = if listed { key ^ 0x2545_F491 } else { key };
        self.token(key, u64::from(key), key | 1)
    }
}

/// Whether a variable that starts at `start` goes on the one that ended at `end`, as in an address or a time.
#[inline(always)]
pub(super) fn joins(text: &[u8], end: usize, start: usize) -> bool {
    start == end + 1 && matches!(text[end], b'.' | b':' | b'-' | b'/' | b',' | b'+')
}

/// Hash of `text[start..end]`, eight bytes a step; a short word in the middle of a text is one masked load.
#[inline(always)]
fn word_hash(text: &[u8], start: usize, end: usize) -> u64 {
    let mut h = ((end - start) as u64).wrapping_mul(MIX);
    let mut at = start;
    while end - at > 8 {
        h = (h ^ load(&text[at..], 8)).wrapping_mul(MIX_WORD);
        h ^= h >> 29;
        at += 8;
    }
    h = (h ^ load(&text[at..], end - at)).wrapping_mul(MIX_WORD);
    h ^ (h >> 32)
}

/// The first `n` (at most 8) bytes as a little-endian number.
#[inline(always)]
fn load(bytes: &[u8], n: usize) -> u64 {
    match bytes.first_chunk::<8>() {
        // n = 0 cannot occur: words are not empty.
        Some(eight) => u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * n.clamp(1, 8))),
        None => {
            let mut v = [0u8; 8];
            let n = n.min(bytes.len());
            v[..n].copy_from_slice(&bytes[..n]);
            u64::from_le_bytes(v)
        }
    }
}

/// The text with `<*>` in place of its variables, at most `limit` bytes of it, lossy UTF-8.
///
/// Variables joined by one of `. : - / , +` are one: an address or a time reads `<*>`.
pub fn render(text: &[u8], limit: usize) -> String {
    let mut r = Render { text, out: Vec::new(), copied: 0, variable_end: None, limit };
    words(text, &mut r);
    if r.out.len() < limit {
        r.out.extend_from_slice(&text[r.copied..text.len().min(MAX_TEXT).max(r.copied)]);
    }
    lossy(&r.out, limit)
}

struct Render<'a> {
    text: &'a [u8],
    out: Vec<u8>,
    copied: usize,
    variable_end: Option<usize>,
    limit: usize,
}

impl Visitor for Render<'_> {
    fn literal(&mut self, _: usize, end: usize) -> bool {
        self.out.extend_from_slice(&self.text[self.copied..end]);
        self.copied = end;
        self.variable_end = None;
        self.out.len() < self.limit
    }

    fn variable(&mut self, start: usize, end: usize) -> bool {
        let joined = self.variable_end.is_some_and(|e| joins(self.text, e, start));
        if !joined {
            self.out.extend_from_slice(&self.text[self.copied..start]);
            self.out.extend_from_slice(b"<*>");
        }
        self.copied = end;
        self.variable_end = Some(end);
        self.out.len() < self.limit
    }
}

/// A record for people, as [`lossy`]. What stands between two marks goes into quotes where it has several words, so that one
/// sees, and whoever looks for a password's value finds, where it ends.
pub fn shown(text: &[u8], limit: usize) -> String {
    if !text.contains(&MARK) {
        return lossy(text, limit);
    }
    let mut out = Vec::with_capacity(text.len() + 2);
    for (i, part) in text.split(|&b| b == MARK).enumerate() {
        if i % 2 == 1 && part.iter().any(u8::is_ascii_whitespace) {
            out.push(b'"');
            for &b in part {
                if b == b'"' || b == b'\\' {
                    out.push(b'\\');
                }
                out.push(b);
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(part);
        }
    }
    lossy(&out, limit)
}

/// At most `limit` bytes of a text as UTF-8, without its marks, cut at a character, with an ellipsis where something was cut.
pub fn lossy(text: &[u8], limit: usize) -> String {
    if text.contains(&MARK) {
        let bare: Vec<u8> = text.iter().copied().filter(|&b| b != MARK).collect();
        return lossy(&bare, limit);
    }
    let cut = text.len() > limit;
    let mut s = String::from_utf8_lossy(&text[..text.len().min(limit)]).into_owned();
    // A replacement character is three bytes for one.
    while s.len() > limit || cut && s.len() + '…'.len_utf8() > limit && !s.is_empty() {
        s.pop();
    }
    if cut {
        s.push('…');
    }
    s
}
