"""Each walk prints what its page says, and the check of that can fail."""
import os
import unittest

import torch

import walks


class WalkTests(unittest.TestCase):
    def test_each_page_prints_what_stands_there(self):
        self.assertGreaterEqual(len(walks.pages()), 3)
        for path in walks.pages():
            name, before = os.path.basename(path), torch.get_default_dtype()
            with self.subTest(name):
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                printed = []
                try:
                    for cell, output in walks.run(text, path):
                        printed.append(output)
                        if not os.environ.get("ACTORHUTCH_WRITE_WALKS"):
                            self.assertIsNone(walks.difference(cell.group(4) or "", output, walks.tolerance(text)))
                finally:
                    torch.set_default_dtype(before)
                self.assertTrue(any(printed))
                if os.environ.get("ACTORHUTCH_WRITE_WALKS"):
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(walks.written(text, printed))


class ComparisonTests(unittest.TestCase):
    def test_numbers_may_differ_by_the_tolerance_and_words_and_whole_numbers_not(self):
        line = "step 40: 9.80 ± 1.2e-06\n"
        for printed in (line, "step 40: 9.90 ± 1.2e-06\n", "step 40: 9.70 ± 1.3e-06\n"):
            self.assertIsNone(walks.difference(line, printed, 0.02), printed)
        for printed in ("step 41: 9.80 ± 1.2e-06\n", "step 40: 10.1 ± 1.2e-06\n", "step 40: 9.50 ± 1.2e-06\n", "step 40: 9.80 ± 1.5e-06\n",
                        "Step 40: 9.80 ± 1.2e-06\n", "step 40:  9.80 ± 1.2e-06\n", "step 40: -9.80 ± 1.2e-06\n", "step 40: nan ± 1.2e-06\n",
                        line + "more\n", ""):
            self.assertIsNotNone(walks.difference(line, printed, 0.02), printed)

    def test_a_page_is_run_in_one_namespace_and_may_be_wrong(self):
        page = "What they print may differ from what stands here by 2 %% in each.\n\n```python\nx = 2.00\n```\n\n```python\nprint(x + 1)\n```\n\n```text\n%s\n```\n"
        for output, is_right in (("3.0", True), ("3.5", False), ("three", False)):
            text = page % output
            found = [walks.difference(cell.group(4) or "", printed, walks.tolerance(text)) for cell, printed in walks.run(text, "page")]
            self.assertEqual([None] * 2 if is_right else [None, found[1]], found)
            self.assertEqual(is_right, found[1] is None)
        self.assertEqual(page % "3.0", walks.written(page % "three", ["", "3.0\n"]))

    def test_a_page_says_its_tolerance(self):
        with self.assertRaises(ValueError):
            walks.tolerance("A page without it.")


if __name__ == "__main__":
    unittest.main()
