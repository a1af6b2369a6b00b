//! The masker and the miner against slow renderings of their rules.

use proptest::prelude::*;

use super::mask::{lossy, render, shown, words, Identity, Visitor, MARK, MAX_TOKENS};
use super::miner::{jaccard, Miner, LIKENESS, MAX_VARIANTS, OVERFLOW};

/// A word as the rules put it: `(text, is a variable, joined to the variable before)`.
fn naive_words(text: &[u8]) -> Vec<(usize, usize, bool)> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || (0x80..MARK).contains(&b);
    let mut out: Vec<(usize, usize, bool)> = vec![];
    let mut i = 0;
    while i < text.len() {
        if text[i] == MARK {
            let partner = (i + 1..text.len()).find(|&j| text[j] == MARK);
            out.extend(partner.map(|j| (i, j + 1, true)));
            i = partner.unwrap_or(i) + 1;
            continue;
        }
        if !inside(text[i]) {
            i += 1;
            continue;
        }
        let end = (i..text.len()).find(|&j| !inside(text[j])).unwrap_or(text.len());
        let word = &text[i..end];
        let hex = word.iter().all(u8::is_ascii_hexdigit);
        let after_variable = out.last().is_some_and(|w| w.2 && w.1 + 1 == i && text[w.1] == b'-');
        let variable = word.iter().any(u8::is_ascii_digit)
            || hex && word.len() >= 8
            || word.len() >= 40
            || hex && word.len() == 4 && after_variable;
        out.push((i, end, variable));
        i = end;
    }
    out
}

struct Collect(Vec<(usize, usize, bool)>);

impl Visitor for Collect {
    fn literal(&mut self, start: usize, end: usize) -> bool {
        self.0.push((start, end, false));
        true
    }
    fn variable(&mut self, start: usize, end: usize) -> bool {
        self.0.push((start, end, true));
        true
    }
}

/// What stands at one place of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Literal,
    Variable,
    /// A further variable after the same literal, not joined to the one before.
    Listed,
}

/// What identifies a text, spelled out: first occurrences of literals and of (literal before, variable or list).
fn spelled(text: &[u8]) -> Vec<(Vec<u8>, Place)> {
    let mut previous: Vec<u8> = vec![];
    let mut variable_end = None;
    let mut out: Vec<(Vec<u8>, Place)> = vec![];
    for (s, e, variable) in naive_words(text) {
        let place = match variable_end {
            _ if !variable => Place::Literal,
            Some(end) if s != end + 1 || !b".:-/,+".contains(&text[end]) => Place::Listed,
            _ => Place::Variable,
        };
        variable_end = variable.then_some(e);
        if !variable {
            previous = text[s..e].to_vec();
        }
        let token = (previous.clone(), place);
        if !out.contains(&token) {
            out.push(token);
        }
    }
    out.truncate(MAX_TOKENS);
    out
}

fn identity(text: &[u8]) -> Identity {
    let mut id = Identity::default();
    id.read(text);
    id
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[a-z]{1,6}",
        "[0-9]{1,4}",
        "[a-f]{3,10}",
        "[ .:/,+=\\-]{1,2}",
        "[0-9a-f]{8}-[a-f]{4}-[0-9a-f]{4}",
        "\\PC{0,4}",
        "[a-z]{38,42}",
        "¤{1,3}",
    ];
    // A currency sign stands for a mark, which no string can hold.
    let marked = |text: String| text.replace('¤', "\0").bytes().map(|b| if b == 0 { MARK } else { b }).collect();
    let readable = prop::collection::vec(piece, 0..24).prop_map(move |p| marked(p.concat()));
    prop_oneof![4 => readable, 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

proptest! {
    #[test]
    fn words_match_naive(text in texts()) {
        let mut got = Collect(vec![]);
        words(&text, &mut got);
        prop_assert_eq!(got.0, naive_words(&text));
    }

    #[test]
    fn same_spelling_means_same_identity(a in texts(), b in texts()) {
        let (ia, ib) = (identity(&a), identity(&b));
        if spelled(&a) == spelled(&b) {
            prop_assert_eq!(ia.hash(), ib.hash());
            prop_assert_eq!(ia.tokens(), ib.tokens());
        }
        // A token may be lost to a collision in the 512-bit set, never gained.
        prop_assert!(ia.tokens().len() <= spelled(&a).len());
        prop_assert_eq!(ia.tokens().is_empty(), spelled(&a).is_empty());
        prop_assert_ne!(ia.hash(), 0);
    }

    #[test]
    fn values_of_variables_leave_no_trace(words in prop::collection::vec("[a-z]{1,5}", 1..8), x in any::<u32>(), y in any::<u32>()) {
        let line = |v: u32| words.iter().map(|w| format!("{w}={v} ")).collect::<String>().into_bytes();
        prop_assert_eq!(identity(&line(x)).hash(), identity(&line(y)).hash());
        prop_assert_eq!(render(&line(x), 1 << 16), render(&line(y), 1 << 16));
    }

    #[test]
    fn rendering_puts_stars_for_variables_only_and_keeps_to_limits(text in texts(), limit in 0usize..80) {
        let once = render(&text, 1 << 16);
        prop_assert!(!once.contains(MARK as char) || String::from_utf8_lossy(&text).contains('ÿ'));
        prop_assert!(!once.contains("<*>") || text.contains(&b'<') || naive_words(&text).iter().any(|w| w.2));
        let cut = lossy(&text, limit);
        prop_assert!(cut.len() <= limit.max('…'.len_utf8()), "{} of {limit}", cut.len());
    }

    #[test]
    fn jaccard_matches_sets(a in prop::collection::btree_set(0u32..30, 0..12), b in prop::collection::btree_set(0u32..30, 0..12)) {
        let (va, vb): (Vec<u32>, Vec<u32>) = (a.iter().copied().collect(), b.iter().copied().collect());
        let want = match a.union(&b).count() { 0 => 1.0, any => a.intersection(&b).count() as f64 / any as f64 };
        prop_assert_eq!(jaccard(&va, &vb), want);
    }

    #[test]
    fn the_miner_keeps_its_books(
        windows in prop::collection::vec(prop::collection::vec(("[a-d]{1,2}( [a-h]{1,2}){0,4}", 0u64..50), 1..40), 1..10),
        max_symbols in 8u32..24,
    ) {
        let (mut a, mut b) = (Miner::new(max_symbols), Miner::new(max_symbols));
        for window in &windows {
            let slots = |m: &mut Miner, order: Vec<&(String, u64)>| -> Vec<(String, u32)> {
                order.iter().map(|(t, time)| (t.clone(), m.slot(&identity(t.as_bytes()), *time, t.as_bytes()))).collect()
            };
            let (sa, sb) = (slots(&mut a, window.iter().collect()), slots(&mut b, window.iter().rev().collect()));
            a.mine();
            b.mine();
            let symbols = |m: &mut Miner, s: &[(String, u32)]| -> std::collections::BTreeMap<String, u64> {
                s.iter().map(|(t, slot)| (t.clone(), m.symbol(*slot))).collect()
            };
            let symbols = (symbols(&mut a, &sa), symbols(&mut b, &sb));
            prop_assert_eq!(&symbols.0, &symbols.1, "order of arrival must not matter");
            prop_assert!(symbols.0.values().all(|&s| s != OVERFLOW));
            a.finish();
            b.finish();
            a.check();
        }
        prop_assert_eq!(postcard::to_allocvec(&a).unwrap(), postcard::to_allocvec(&b).unwrap());
    }
}

#[test]
fn templates_read_well() {
    for (text, want) in [
        ("connect to 10.0.0.7:5432 failed after 3 tries", "connect to <*> failed after <*> tries"),
        ("19:38:52.053 INFO started", "<*> INFO started"),
        ("id=d466bc85-6ada-4ec7-b419-c5a61f59bd1a ok", "id=<*> ok"),
        ("user deadbeef left", "user <*> left"),
        ("dead beef", "dead beef"),
        ("", ""),
    ] {
        assert_eq!(render(text.as_bytes(), 512), want);
    }
    assert_eq!(render(b"a\xfeb", 512), "a\u{fffd}b");
    assert_eq!(render(b"user=\xffalice and bob\xff left=\xff\xff", 512), "user=<*> left=<*>");
    assert_eq!(render(b"half \xff a mark", 512), "half  a mark");
    assert_eq!(lossy(b"user=\xffalice\xff", 512), "user=alice");
    let spoken = shown(b"user=\xffalice b\xff said=\xffI \"do\"\xff \xffcut off", 512);
    assert_eq!(spoken, r#"user="alice b" said="I \"do\"" "cut off""#);
}

#[test]
fn repeated_items_are_one_template() {
    let list = |n: usize| format!("trips: [{}]", "Trip(id=7, from=bei), ".repeat(n));
    assert_eq!(identity(list(3).as_bytes()).hash(), identity(list(30).as_bytes()).hash());
    assert_ne!(identity(list(3).as_bytes()).hash(), identity(b"trips: []").hash());
}

#[test]
fn one_value_is_not_a_list_of_values() {
    let of = |text: &str| identity(text.as_bytes()).hash();
    assert_ne!(of("query by id [RouteId: 7]"), of("query by id [RouteId: [7, 8]]"));
    assert_eq!(of("query by id [RouteId: [7, 8]]"), of("query by id [RouteId: [7, 8, 9, 10]]"));
    assert_eq!(of("at 10.0.0.7:5432"), of("at 7"), "joined parts are one value");
}

#[test]
fn variants_share_a_symbol_past_their_limit() {
    let mut miner = Miner::new(1000);
    let name = |i: u32| char::from(b'g' + (i % 20) as u8).to_string().repeat(1 + (i / 20) as usize);
    let texts: Vec<String> =
        (0..MAX_VARIANTS + 5).map(|i| format!("the user {} has just logged in", name(i))).collect();
    let mut symbols = vec![];
    for (i, text) in texts.iter().enumerate() {
        let slot = miner.slot(&identity(text.as_bytes()), i as u64, text.as_bytes());
        miner.mine();
        symbols.push(miner.symbol(slot));
        miner.finish();
    }
    assert_eq!(miner.sizes(), (texts.len(), 1), "alike by at least {LIKENESS}");
    let own: std::collections::BTreeSet<u64> = symbols[..MAX_VARIANTS as usize].iter().copied().collect();
    assert_eq!(own.len(), MAX_VARIANTS as usize);
    assert!(symbols[MAX_VARIANTS as usize..].iter().all(|s| s == symbols.last().unwrap() && !own.contains(s)));
    assert!(miner.text(*symbols.last().unwrap()).is_some());
}
