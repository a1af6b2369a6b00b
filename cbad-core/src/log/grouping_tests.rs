//! How well templates are told apart, measured as loghub does (Zhu and others 2019), on logs of eight kinds made from known templates.
//!
//! Grouping accuracy is the share of lines whose group is exactly the lines of one template; purity the share of lines that
//! belong to the most frequent template of their group. A template with words that vary splits into groups, since variants have
//! symbols of their own up to a limit: that costs accuracy, not purity.

use std::collections::BTreeMap;

use super::mask::Identity;
use super::miner::Miner;

/// `{n}` a number, `{ip}` an address, `{hex}` and `{uuid}` ids, `{user}` one of 40 names, `{host}` one of 30, `{path}` one of 60 paths,
/// `{ms}` a duration; `¤` a mark. With the accuracy and purity that symbols, then nodes, must have.
const KINDS: [(&str, [f64; 4], &[&str]); 8] = [
    (
        "access",
        [0.05, 0.99, 0.25, 0.75],
        &[
            "{ip} - - [10/Oct/2026:13:55:{n} +0000] \"GET {path} HTTP/1.1\" {n} {n} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
            "{ip} - - [10/Oct/2026:13:55:{n} +0000] \"POST {path} HTTP/1.1\" {n} {n} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
            "{ip} - {user} [10/Oct/2026:13:55:{n} +0000] \"GET /healthz HTTP/1.1\" {n} {n} \"-\" \"kube-probe/1.30\"",
            "{n} upstream timed out ({n}: Connection timed out) while reading response header from upstream, client: {ip}, server: {host}",
            "{n} client {ip} closed keepalive connection",
            "{n} limiting requests, excess: {n} by zone \"perip\", client: {ip}, server: {host}",
        ],
    ),
    (
        "java",
        [0.75, 0.99, 0.99, 0.99],
        &[
            "10:11:{n} INFO c.s.OrderController#{n} TraceID: {hex} SpanID: {hex} [placeOrder][order of user {user} accepted in {ms}]",
            "10:11:{n} INFO c.s.OrderController#{n} TraceID: {hex} SpanID: {hex} [placeOrder][cart is empty]",
            "10:11:{n} INFO c.s.OrderService#{n} TraceID: {hex} SpanID: {hex} [findOrder][order {uuid} found]",
            "10:11:{n} ERROR c.s.OrderService#{n} TraceID: {hex} SpanID: {hex} [findOrder][order {uuid} not found]",
            "10:11:{n} WARN c.s.Gateway#{n} TraceID: {hex} SpanID: {hex} [charge][retry {n} of {n} after {ms}]",
            "10:11:{n} ERROR c.s.Gateway#{n} TraceID: {hex} SpanID: {hex} java.net.SocketTimeoutException: Read timed out | at java.net.SocketInputStream.read | at c.s.Http.call",
            "HikariPool-{n} - Connection is not available, request timed out after {ms}",
            "Started Application in {n} seconds (JVM running for {n})",
        ],
    ),
    (
        "by key",
        [0.99, 0.99, 0.25, 0.65],
        &[
            "order accepted items={n} level=info ts={n} user=¤{user}¤",
            "order rejected items={n} level=warn reason=stock ts={n} user=¤{user}¤",
            "order rejected items={n} level=warn reason=payment ts={n} user=¤{user}¤",
            "session opened ip={ip} level=info ts={n} user=¤{user}¤",
            "session closed after={ms} ip={ip} level=info ts={n} user=¤{user}¤",
            "cache miss key=¤{path}¤ level=debug ts={n}",
            "cache hit key=¤{path}¤ level=debug ts={n}",
            "cannot reach peer error=connection refused level=error peer=¤{host}¤ ts={n}",
            "cannot reach peer error=no route to host level=error peer=¤{host}¤ ts={n}",
        ],
    ),
    (
        "key=value",
        [0.25, 0.99, 0.45, 0.85],
        &[
            "action=login user={user} src={ip} result=ok took={ms}",
            "action=login user={user} src={ip} result=denied took={ms}",
            "action=transfer from={hex} to={hex} amount={n} currency=EUR",
            "action=backup target={path} bytes={n} took={ms}",
            "action=expire sessions={n}",
            "action=sync peer={host} lag={ms} behind={n}",
        ],
    ),
    (
        "sshd",
        [0.35, 0.99, 0.6, 0.8],
        &[
            "Failed password for invalid user {user} from {ip} port {n} ssh2",
            "Failed password for root from {ip} port {n} ssh2",
            "Accepted password for {user} from {ip} port {n} ssh2",
            "Invalid user {user} from {ip}",
            "input_userauth_request: invalid user {user} [preauth]",
            "Connection closed by {ip} [preauth]",
            "Received disconnect from {ip}: {n}: Bye Bye [preauth]",
            "reverse mapping checking getaddrinfo for {host} [{ip}] failed - POSSIBLE BREAK-IN ATTEMPT!",
            "pam_unix(sshd:auth): authentication failure; logname= uid={n} euid={n} tty=ssh ruser= rhost={host}",
            "pam_unix(sshd:auth): check pass; user unknown",
        ],
    ),
    (
        "kernel",
        [0.7, 0.99, 0.99, 0.99],
        &[
            "usb {n}-{n}: new high-speed USB device number {n} using xhci_hcd",
            "EXT4-fs (sda{n}): mounted filesystem with ordered data mode. Opts: (null)",
            "Out of memory: Killed process {n} ({user}) total-vm:{n}kB, anon-rss:{n}kB",
            "eth{n}: link up, {n}Mbps, full-duplex",
            "eth{n}: link down",
            "audit: type={n} audit({n}.{n}:{n}): apparmor=\"DENIED\" operation=\"open\" profile=\"{host}\" name=\"{path}\" pid={n}",
            "CPU{n}: Core temperature above threshold, cpu clock throttled (total events = {n})",
            "CPU{n}: Core temperature/speed normal",
        ],
    ),
    (
        "kubernetes",
        [0.3, 0.99, 0.55, 0.99],
        &[
            "Successfully assigned shop/cart-{hex}-x{n} to node-{n}",
            "Pulling image \"registry.local/{host}:v{n}\"",
            "Successfully pulled image \"registry.local/{host}:v{n}\" in {ms}",
            "Created container {host}",
            "Started container {host}",
            "Back-off restarting failed container {host} in pod cart-{hex}-x{n}",
            "Liveness probe failed: Get \"http://{ip}:8080/healthz\": context deadline exceeded",
            "Readiness probe failed: HTTP probe failed with statuscode: {n}",
            "MountVolume.SetUp failed for volume \"{host}\" : configmap not found",
        ],
    ),
    (
        "proxy",
        [0.0, 0.99, 0.0, 0.8],
        &[
            "{host}.exe - proxy.local:5070 open through proxy proxy.local:5070 HTTPS",
            "{host}.exe - proxy.local:5070 close, {n} bytes sent, {n} bytes received, lifetime {n}:{n}",
            "{host}.exe - proxy.local:5070 close, {n} bytes sent, {n} bytes received, lifetime less than one second",
            "{host}.exe - {host}.example error : Could not connect through proxy proxy.local:5070 - Proxy server cannot establish a connection with the target, status code {n}",
        ],
    ),
];

/// A small generator of its own, so that the lines never change.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// A made-up word: the same for the same number.
    fn word(n: u64, length: u64) -> String {
        let mut r = Random(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let length = length + r.below(4);
        let mut one = |of: &[u8]| char::from(of[r.below(of.len() as u64) as usize]);
        (0..length).map(|i| if i % 2 == 0 { one(b"bdgklmnprst") } else { one(b"aeiou") }).collect()
    }

    fn value(&mut self, name: &str) -> String {
        match name {
            "n" => self.below(100_000).to_string(),
            "ip" => format!("10.{}.{}.{}", self.below(256), self.below(256), self.below(256)),
            "hex" => format!("{:08x}{:08x}", self.below(1 << 31), self.below(1 << 31)),
            "uuid" => format!(
                "{:08x}-{:04x}-4a{:02x}-a7{:02x}-{:012x}",
                self.below(1 << 31),
                self.below(1 << 16),
                self.below(256),
                self.below(256),
                self.below(1 << 31)
            ),
            "user" => Self::word(self.below(40), 4),
            "host" => Self::word(100 + self.below(30), 6),
            "path" => format!("/{}/{}", Self::word(200 + self.below(6), 4), Self::word(300 + self.below(10), 5)),
            "ms" => format!("{}ms", self.below(5000)),
            _ => unreachable!("{name}"),
        }
    }

    fn line(&mut self, template: &str) -> Vec<u8> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("a closed placeholder");
            out += before;
            out += &self.value(name);
            rest = after;
        }
        out += rest;
        out.replace('¤', "\0").bytes().map(|b| if b == 0 { super::mask::MARK } else { b }).collect()
    }
}

/// Grouping accuracy and purity of (group, template) pairs.
fn quality(lines: &[(u64, usize)]) -> [f64; 2] {
    let mut groups: BTreeMap<u64, BTreeMap<usize, usize>> = BTreeMap::new();
    let mut templates: BTreeMap<usize, usize> = BTreeMap::new();
    for &(group, template) in lines {
        *groups.entry(group).or_default().entry(template).or_default() += 1;
        *templates.entry(template).or_default() += 1;
    }
    let (mut right, mut pure) = (0, 0);
    for of in groups.values() {
        if let (1, Some((first, n))) = (of.len(), of.iter().next()) {
            right += if templates[first] == *n { *n } else { 0 };
        }
        pure += of.values().max().copied().unwrap_or(0);
    }
    [right, pure].map(|n| n as f64 / lines.len() as f64)
}

/// Accuracy and purity by symbol, then by node, of 2,000 lines in windows of 50; the first templates are the most frequent.
fn measured(templates: &[&str]) -> [f64; 4] {
    let mut r = Random(7);
    let mut miner = Miner::new(4096);
    let mut identity = Identity::default();
    let (mut by_symbol, mut by_node) = (vec![], vec![]);
    for window in 0..40 {
        let mut open = vec![];
        for i in 0..50 {
            let k = templates.len() as u64;
            let template = r.below(k).min(r.below(k)) as usize;
            let text = r.line(templates[template]);
            identity.read(&text);
            open.push((miner.slot(&identity, window * 50 + i, &text), identity.hash(), template));
        }
        miner.mine();
        for (slot, hash, template) in open {
            by_symbol.push((miner.symbol(slot), template));
            by_node.push((miner.node(hash), template));
        }
        miner.finish();
    }
    let (symbols, nodes) = (quality(&by_symbol), quality(&by_node));
    [symbols[0], symbols[1], nodes[0], nodes[1]]
}

#[test]
fn templates_are_told_apart() {
    let (mut report, mut short) = (String::from("accuracy and purity of symbols, of nodes:\n"), false);
    let mut means = [0.0; 4];
    for (name, least, templates) in KINDS {
        let got = measured(templates);
        short |= got.iter().zip(least).any(|(got, least)| *got < least);
        means.iter_mut().zip(got).for_each(|(mean, v)| *mean += v / KINDS.len() as f64);
        report += &format!("{name:10} {got:.3?}, at least {least:?}\n");
    }
    assert!(!short, "{report}mean       {means:.3?}");
    println!("{report}mean       {means:.3?}");
}
