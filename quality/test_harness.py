"""The harness's own arithmetic, on cases whose answer is known. `make bench-quality` runs it first; it needs neither binaries nor packages."""
import random
import tempfile
import unittest

import anchors
import common as q
import incidents
import minutes as m
import nulls


class Harness(unittest.TestCase):
    def test_each_kind_gets_five_services_and_none_is_asked_for_the_impossible(self):
        kinds = ["errors", "retry-storm", *(f"k{i}" for i in range(8))]
        services = [f"s{i}" for i in range(20)]
        for kind in kinds:
            picked = [incidents.chosen(kinds, services, kind, s) for s in range(1, 6)]
            self.assertEqual(len(set(picked)), 5)
            if kind == "retry-storm":
                self.assertNotIn("s0", picked)
        everything = {incidents.chosen(kinds, services, k, s) for k in kinds for s in range(1, 6)}
        self.assertEqual(len(everything), 20)

    def test_windows_are_told_from_points_and_requests(self):
        line = '{{"source":"","start":"{}","end":"{}","signal":"logs","service":"a"{}}}'
        self.assertTrue(q._is_window(line.format("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "")))
        self.assertFalse(q._is_window(line.format("2026-01-01T00:00:15Z", "2026-01-01T00:00:15Z", "")))
        self.assertFalse(q._is_window(line.format("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", ',"trace_id":"ab"')))

    def test_times(self):
        self.assertEqual(q.time("1970-01-01T00:01:00Z"), 60)
        self.assertAlmostEqual(q.time("1970-01-01T00:01:00.250Z"), 60.25)

    def test_the_stationary_bootstrap_draws_blocks_of_the_mean_length_from_everywhere(self):
        drawn = m.stationary(random.Random(1), 50, 20_000, 10)
        self.assertEqual({at for at, _ in drawn}, set(range(50)))
        self.assertAlmostEqual(20_000 / (drawn[-1][1] + 1), 10, delta=1)
        for (a, block), (b, next_block) in zip(drawn, drawn[1:]):
            if block == next_block:
                self.assertEqual(b, (a + 1) % 50)

    def test_recordings_survive_cutting_and_writing(self):
        records = [(5, '"body":{"stringValue":"one"}', "t1"), (9, '"body":{"stringValue":"two"}', "t1"), (11, '"body":{"stringValue":"three"}', "")]
        with tempfile.NamedTemporaryFile(suffix=".gz") as f:
            w = m.Writer(f.name)
            w.minute("a", 0, records, 1)
            w.minute("a", 2 * m.MINUTE, m.error_line(random.Random(1), records), 2)
            w.close()
            first, second = m.cut([f.name])["a"]
        self.assertEqual([(o, r) for o, r, _ in first], [(o, r) for o, r, _ in records])
        self.assertEqual(first[0][2], first[1][2])
        self.assertNotEqual(first[0][2], second[0][2], "a block's traces have ids of their own")
        self.assertEqual(first[2][2], "")
        self.assertEqual(len(second), 4)

    def test_nulls_are_the_same_each_time_and_what_they_are_called(self):
        for name, make in nulls.NULLS.items():
            self.assertEqual(make(random.Random(1), 500), make(random.Random(1), 500), name)
        t = nulls.student_t3(random.Random(2), 50_000)
        self.assertAlmostEqual(sum(abs(x) > 3.182 for x in t) / len(t), .05, delta=.005)
        steps = nulls.rare_steps(random.Random(3), 50_000)
        self.assertAlmostEqual(sum(a != b for a, b in zip(steps, steps[1:])), 50, delta=25)

    def test_bands(self):
        points = [(float(i), float(i % 2)) for i in range(100)] + [(100.0, 5.5)]
        self.assertAlmostEqual(anchors.z_band(points)[-1], 10, delta=.01)
        self.assertLess(max(anchors.z_band(points)[:-1]), 1.1)
        self.assertGreater(anchors.ewma(points)[-1], 5)
        self.assertEqual(anchors.against(1, 1, 0), 0)
        self.assertEqual(anchors.against(2, 1, 0), anchors.LIMIT)

    def test_template_counts(self):
        minutes = {i: q.Counter({"a": 10 + i % 2}) for i in range(50)}
        minutes[50] = q.Counter({"a": 10, "b": 1})
        minutes[51] = q.Counter({"a": 60})
        z = anchors.drain_z({"s": minutes})
        self.assertLess(z["s", 49], 2)
        self.assertGreater(z["s", 50], 3)
        self.assertGreater(z["s", 51], 50)


if __name__ == "__main__":
    unittest.main()
