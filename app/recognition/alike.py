"""Characters that look alike on a page of their own, where nothing beside them gives their size away."""

CASES = "cijklmopsuvwxyz"  # letters whose two cases do; those that EMNIST ByMerge merges (Cohen et al., 2017)
SHAPES = ("0Oo", "1Il", "9gq")  # digits and letters that many people write the same


def merged(label: str) -> str:
    """The label with the two cases of look-alike letters made one."""
    return label.lower() if label.lower() in CASES else label


def alike(label: str) -> set[str]:
    """Every label that a drawing of `label` may as well be, itself among them."""
    cases = {label.lower(), label.upper()} if label.lower() in CASES else {label}
    return cases.union(*(shape for shape in SHAPES if label in shape))
