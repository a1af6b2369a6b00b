//! The table of one window: which symbol followed which context how often.

/// `count` times `symbol` after `context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub context: u64,
    pub symbol: u64,
    pub count: u64,
}

/// Counts of one window. Filled in any order with [`Window::add`] and [`Window::set_total`], then [`Window::finish`]ed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    rows: Vec<Row>,
    /// Totals given by the caller, `(context, N_c)`.
    totals: Vec<(u64, u64)>,
    /// `(context, N_c, rows start, rows end)`, by context.
    groups: Vec<(u64, u64, u32, u32)>,
}

impl Window {
    /// Empties the table and keeps its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.totals.clear();
        self.groups.clear();
    }

    /// Adds `count` occurrences of `symbol` after `context`.
    pub fn add(&mut self, context: u64, symbol: u64, count: u64) {
        self.rows.push(Row { context, symbol, count });
    }

    /// Adds to how often `context` occurred. A context without a total has the sum of its counts.
    pub fn add_total(&mut self, context: u64, n: u64) {
        self.totals.push((context, n));
    }

    /// Sorts and merges what was added. The order of the additions leaves no trace.
    pub fn finish(&mut self) {
        self.rows.sort_unstable();
        self.rows.dedup_by(|later, kept| {
            let same = later.context == kept.context && later.symbol == kept.symbol;
            if same {
                kept.count = kept.count.saturating_add(later.count);
            }
            same
        });
        self.rows.retain(|r| r.count > 0);
        self.totals.sort_unstable();
        self.groups.clear();
        let mut t = 0;
        let mut start = 0;
        while start < self.rows.len() {
            let context = self.rows[start].context;
            let len = self.rows[start..].iter().take_while(|r| r.context == context).count();
            let end = start + len;
            while t < self.totals.len() && self.totals[t].0 < context {
                t += 1;
            }
            let mut total = 0u64;
            while t < self.totals.len() && self.totals[t].0 == context {
                total = total.saturating_add(self.totals[t].1);
                t += 1;
            }
            let of_rows = |f: fn(u64, u64) -> u64| self.rows[start..end].iter().fold(0, |a, r| f(a, r.count));
            // A context occurs at least as often as any symbol that follows it.
            let total = if total == 0 { of_rows(u64::saturating_add) } else { total.max(of_rows(u64::max)) };
            self.groups.push((context, total, start as u32, end as u32));
            start = end;
        }
    }

    /// All rows, by (context, symbol).
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// `(context, N_c, rows)`, by context; rows by symbol.
    pub fn groups(&self) -> impl Iterator<Item = (u64, u64, &[Row])> {
        self.groups.iter().map(|&(c, n, s, e)| (c, n, &self.rows[s as usize..e as usize]))
    }

    /// True when nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.rows.capacity() * 24 + self.totals.capacity() * 16 + self.groups.capacity() * 24
    }
}
