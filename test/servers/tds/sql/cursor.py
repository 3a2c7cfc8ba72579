"""A position in a list of tokens, with the questions every part of the parser asks."""

from __future__ import annotations

from ..errors import SqlError, error, refused
from ..types import MAX, NAMES, SqlType, UnknownType, make
from .lexer import Kind, Token

# Words that are no names unless quoted: the part of T-SQL's reserved words that this grammar would trip over.
RESERVED = frozenset(
    """ADD ALL ALTER AND AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BROWSE BULK BY CASCADE CASE CHECK CLOSE CLUSTERED
    COALESCE COLLATE COLUMN COMMIT CONSTRAINT CONTINUE CONVERT CREATE CROSS CURRENT CURRENT_TIMESTAMP CURRENT_USER CURSOR
    DATABASE DEALLOCATE DECLARE DEFAULT DELETE DENY DESC DISTINCT DROP ELSE END ESCAPE EXCEPT EXEC EXECUTE EXISTS FETCH FOR
    FOREIGN FROM FULL FUNCTION GOTO GRANT GROUP HAVING IDENTITY IF IN INDEX INNER INSERT INTERSECT INTO IS JOIN KEY KILL LEFT
    LIKE MERGE NOT NULL NULLIF OF OFF ON OPEN OPTION OR ORDER OUTER OVER PERCENT PIVOT PLAN PRIMARY PRINT PROC PROCEDURE
    RAISERROR REFERENCES RETURN REVOKE RIGHT ROLLBACK SAVE SCHEMA SELECT SET SOME TABLE TABLESAMPLE THEN TO TOP TRAN
    TRANSACTION TRIGGER TRUNCATE TRY_CONVERT TSEQUAL UNION UNIQUE UNPIVOT UPDATE USE VALUES VIEW WAITFOR WHEN WHERE WHILE
    WITH""".split()
)


class Cursor:
    """Looks at tokens and moves on."""

    def __init__(self, tokens: list[Token], text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.index = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def at_end(self) -> bool:
        return self.token.kind is Kind.END

    def next(self) -> Token:
        token = self.token
        if token.kind is not Kind.END:
            self.index += 1
        return token

    # words and symbols
    def at(self, *words: str) -> bool:
        """Whether these words or symbols come next, in this order."""
        for offset, wanted in enumerate(words):
            token = self.ahead(offset)
            if token.kind is Kind.WORD:
                if token.word != wanted:
                    return False
            elif token.kind is not Kind.SYMBOL or token.text != wanted:
                return False
        return True

    def at_any(self, *words: str) -> bool:
        return any(self.at(word) for word in words)

    def take(self, *words: str) -> bool:
        """Moves past these words if they come next."""
        if not self.at(*words):
            return False
        self.index += len(words)
        return True

    def expect(self, *words: str) -> None:
        if not self.take(*words):
            raise self.unexpected()

    def unexpected(self) -> SqlError:
        """The error for what stands here."""
        token = self.token
        shown = token.text if token.kind is not Kind.END else self.tokens[max(self.index - 1, 0)].text
        number = 156 if token.kind is Kind.WORD and token.word in RESERVED else 102
        failure = error(number, shown)
        failure.line = token.line
        return failure

    def refuse(self, what: str) -> SqlError:
        failure = refused(what)
        failure.line = self.token.line
        return failure

    # names
    def at_name(self) -> bool:
        token = self.token
        return token.kind is Kind.NAME or (token.kind is Kind.WORD and token.word not in RESERVED)

    def name(self) -> str:
        if not self.at_name():
            raise self.unexpected()
        return self.next().text

    def names(self) -> tuple[str, ...]:
        """`a.b.c`; a part may be missing, as in `db..table`."""
        parts = [self.name()]
        while self.take("."):
            parts.append("" if self.at(".") else self.name())
        return tuple(parts)

    def name_list(self) -> tuple[str, ...]:
        """`(a, b)`."""
        self.expect("(")
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        self.expect(")")
        return tuple(found)

    def integer(self) -> int:
        sign = -1 if self.take("-") else 1
        token = self.token
        if token.kind is not Kind.NUMBER or not token.text.isdigit():
            raise self.unexpected()
        return sign * int(self.next().text)

    def type_name(self, *, cast: bool = False) -> SqlType:
        """`decimal(10, 2)`, `[sys].[nvarchar](max)`, `double precision`, `character varying(5)`."""
        line = self.token.line
        name = self.name()
        if name.lower() == "sys" and self.take("."):
            name = self.name()
        words = name.lower()
        if words == "double" and self.take("PRECISION"):
            name = "double precision"
        elif words in ("character", "char", "national", "binary"):
            while self.at_any("VARYING", "CHARACTER", "CHAR", "TEXT") and self.token.kind is Kind.WORD:
                name += " " + self.next().text
        arguments: list[int] = []
        if self.take("("):
            while True:
                if self.take("MAX"):
                    arguments.append(MAX)
                else:
                    arguments.append(self.integer())
                if not self.take(","):
                    break
            self.expect(")")
        try:
            return make(name, tuple(arguments), cast=cast)
        except UnknownType:
            failure = error(2715, 1, name)
            failure.line = line
            raise failure from None

    def at_static_type(self) -> bool:
        return self.token.text.lower() in NAMES and self.ahead().text == "::"
