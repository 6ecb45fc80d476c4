"""What a form looks like before it is HTML: blocks with words, values, errors and attributes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

NO_HTML = Markup()


@dataclass(frozen=True)
class Choice:
    """One option."""

    id: str
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Upload:
    """A file that is already there."""

    id: str
    name: str
    size: int


@dataclass(frozen=True)
class Row:
    """One row of a list."""

    id: str
    path: str
    title: str
    was: str
    blocks: "tuple[Block, ...]"
    hint: str = ""
    heading: str = ""  # where a group of rows begins

    @property
    def has_error(self) -> bool:
        """Whether something in it is wrong."""
        return any(block.error for block in each_block(self.blocks))


@dataclass(frozen=True, kw_only=True)
class Block:
    """One thing on the page. `anchor` is where a link to it jumps."""

    kind: str
    id: str
    name: str
    anchor: str = ""
    label: str = ""
    hint: str = ""
    html: Markup = NO_HTML
    error: str = ""
    required: bool = False
    readonly: bool = False
    hidden: bool = False
    trigger: str = ""  # htmx: when the condition of this block may have changed
    conditional: bool = False
    value: str = ""
    display: str = ""
    choices: tuple[Choice, ...] = ()
    uploads: tuple[Upload, ...] = ()
    input: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    text_rows: int = 4
    multiple: bool = False
    children: "tuple[Block, ...]" = ()
    rows: tuple[Row, ...] = ()
    can_add: bool = False
    can_remove: bool = False
    has_files: bool = False
    is_table: bool = False
    is_folded: bool = False
    row_label: str = ""  # what the first column of a table holds
    folded: bool = False  # a group whose questions are seldom needed: one line until it is opened

    @property
    def is_filled(self) -> bool:
        """Whether something in it was answered or is wrong, so that it must be seen."""
        given = self.value or self.uploads or self.rows or self.error
        return bool(given) or any(c.is_chosen for c in self.choices) or any(b.is_filled for b in self.children)

    @property
    def columns(self) -> "tuple[Block, ...]":
        """What heads the columns of a table, from any row: a column hidden in one row is there in another."""
        return self.rows[0].blocks if self.rows else ()

    @property
    def described_by(self) -> str:
        """The ids of hint and error, for `aria-describedby`."""
        return " ".join(f"{self.id}-{part}" for part, there in (("hint", self.hint), ("error", self.error)) if there)


@dataclass(frozen=True)
class Complaint:
    """One line of the summary of what is wrong."""

    anchor: str
    where: str
    message: str


@dataclass(frozen=True)
class FormView:
    """The whole form."""

    blocks: tuple[Block, ...]
    problems: tuple[Complaint, ...] = ()
    refresh: str = ""  # a POST to this address only draws the page again

    @property
    def has_conditions(self) -> bool:
        """Whether an answer may change what is asked."""
        return any(block.conditional for block in each_block(self.blocks))

    @property
    def has_required(self) -> bool:
        """Whether anything must be answered."""
        return any(block.required and not block.readonly for block in each_block(self.blocks))


def each_block(blocks: Sequence[Block]) -> Iterator[Block]:
    """All blocks, parents first."""
    for block in blocks:
        yield block
        yield from each_block(block.children)
        for row in block.rows:
            yield from each_block(row.blocks)
