"""All pairs of values, in few cases that are allowed."""
import itertools
import random

FIRST_TRIES, LAST_TRIES = 8, 40


def cover(factors, is_allowed):
    """Cases, each a value's number by factor, such that any two values of two factors meet in one that is allowed.

    factors: how many values each factor has, by its name. Returns the allowed cases, and one case for each pair that no
    case is allowed to have: none was among LAST_TRIES that have no other pair of which that seems so.
    """
    chance = random.Random(0)
    missing = {pair for a, b in itertools.combinations(sorted(factors), 2)
               for pair in itertools.product(((a, i) for i in range(factors[a])), ((b, i) for i in range(factors[b])))}
    allowed, refused = [], []

    def close(pair, suspects, tries):
        """Adds an allowed case that has the pair; the last one that was tried, and False, where none was found."""
        for attempt in range(tries):
            case = _completed(dict(pair), factors, missing if attempt < tries // 2 else (), suspects, chance)
            if is_allowed(case):
                allowed.append(case)
                missing.difference_update(_pairs(case))
                return case, True
        return case, False

    suspects = [pair for pair in sorted(missing) if pair in missing and not close(pair, (), FIRST_TRIES)[1]]
    for pair in suspects:
        if pair in missing:
            case, is_found = close(pair, set(suspects) & missing, LAST_TRIES)
            if not is_found:
                refused.append(case)
    return allowed, refused


def _completed(case, factors, missing, suspects, chance):
    """The other factors one by one, each with the value that makes the fewest suspects and the most missing pairs."""
    others = [name for name in factors if name not in case]
    chance.shuffle(others)
    for name in others:
        def worth(value):
            pairs = [tuple(sorted(((name, value), taken))) for taken in case.items()]
            return -sum(pair in suspects for pair in pairs), sum(pair in missing for pair in pairs)
        values = list(range(factors[name]))
        chance.shuffle(values)
        case[name] = max(values, key=worth)
    return case


def _pairs(case):
    return itertools.combinations(sorted(case.items()), 2)
