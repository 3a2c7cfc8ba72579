"""Errors as SQL Server numbers and words them."""

from __future__ import annotations


class SqlError(Exception):
    """An error for the client. `ends_batch`: nothing behind the failed statement is run."""

    def __init__(self, number: int, text: str, *, severity: int = 16, state: int = 1, ends_batch: bool = True) -> None:
        super().__init__(text)
        self.number = number
        self.text = text
        self.severity = severity
        self.state = state
        self.ends_batch = ends_batch
        self.line = 1
        self.procedure = ""


# number: severity, whether the batch ends, text
_MESSAGES: dict[int, tuple[int, bool, str]] = {
    102: (15, True, "Incorrect syntax near '{}'."),
    103: (15, True, "The identifier that starts with '{}' is too long. Maximum length is 128."),
    105: (15, True, "Unclosed quotation mark after the character string '{}'."),
    109: (15, True, "There are more columns in the INSERT statement than values specified in the VALUES clause."),
    110: (15, True, "There are fewer columns in the INSERT statement than values specified in the VALUES clause."),
    116: (
        16,
        True,
        "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
    ),
    137: (15, True, 'Must declare the scalar variable "{}".'),
    156: (15, True, "Incorrect syntax near the keyword '{}'."),
    168: (15, True, "The floating point value '{}' is out of the range of computer representation (8 bytes)."),
    169: (
        15,
        True,
        "A column has been specified more than once in the order by list. Columns in the order by list must be unique.",
    ),
    195: (15, True, "'{}' is not a recognized built-in function name."),
    205: (
        16,
        True,
        "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions"
        " in their target lists.",
    ),
    206: (16, True, "Operand type clash: {} is incompatible with {}"),
    207: (16, True, "Invalid column name '{}'."),
    208: (16, True, "Invalid object name '{}'."),
    209: (16, True, "Ambiguous column name '{}'."),
    213: (16, True, "Column name or number of supplied values does not match table definition."),
    220: (16, True, "Arithmetic overflow error for data type {}, value = {}."),
    226: (16, True, "{} statement not allowed within multi-statement transaction."),
    241: (16, True, "Conversion failed when converting date and/or time from character string."),
    242: (16, True, "The conversion of a {} data type to a {} data type resulted in an out-of-range value."),
    245: (16, True, "Conversion failed when converting the {} value '{}' to data type {}."),
    248: (16, True, "The conversion of the {} value '{}' overflowed an int column."),
    257: (
        16,
        True,
        "Implicit conversion from data type {} to {} is not allowed. Use the CONVERT function to run this query.",
    ),
    281: (16, True, "{} is not a valid style number when converting from {} to a character string."),
    402: (16, True, "The data types {} and {} are incompatible in the {} operator."),
    448: (16, True, "Invalid collation '{}'."),
    494: (16, True, "The TABLESAMPLE clause can only be used with local tables."),
    512: (
        16,
        False,
        "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >="
        " or when the subquery is used as an expression.",
    ),
    515: (
        16,
        False,
        "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. {} fails.",
    ),
    529: (16, True, "Explicit conversion from data type {} to {} is not allowed."),
    544: (
        16,
        False,
        "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF.",
    ),
    911: (16, True, "Database '{}' does not exist. Make sure that the name is entered correctly."),
    1007: (15, True, "The number '{}' is out of the range for numeric representation (maximum precision 38)."),
    1801: (16, True, "Database '{}' already exists. Choose a different database name."),
    2627: (14, False, "Violation of {} constraint '{}'. Cannot insert duplicate key in object '{}'."),
    2628: (
        16,
        False,
        "String or binary data would be truncated in table '{}', column '{}'. Truncated value: '{}'.",
    ),
    2714: (16, True, "There is already an object named '{}' in the database."),
    2715: (16, True, "Column, parameter, or variable #{}: Cannot find data type {}."),
    2760: (16, True, 'The specified schema name "{}" either does not exist or you do not have permission to use it.'),
    2812: (16, False, "Could not find stored procedure '{}'."),
    3701: (11, False, "Cannot drop the {} '{}', because it does not exist or you do not have permission."),
    3902: (16, False, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3903: (16, False, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3952: (
        16,
        True,
        "Snapshot isolation transaction failed accessing database '{}' because snapshot isolation is not allowed in this"
        " database. Use ALTER DATABASE to allow snapshot isolation.",
    ),
    4060: (11, True, 'Cannot open database "{}" requested by the login. The login failed.'),
    4104: (16, True, 'The multi-part identifier "{}" could not be bound.'),
    6106: (16, False, "Process ID {} is not an active process ID."),
    6506: (16, True, "Could not find method '{}' for type '{}' in assembly 'Microsoft.SqlServer.Types'"),
    6592: (16, True, "Could not find property or field '{}' for type '{}' in assembly 'Microsoft.SqlServer.Types'."),
    6522: (
        16,
        True,
        'A .NET Framework error occurred during execution of user-defined routine or aggregate "{}": {}',
    ),
    8101: (
        16,
        False,
        "An explicit value for the identity column in table '{}' can only be specified when a column list is used"
        " and IDENTITY_INSERT is ON.",
    ),
    8114: (16, True, "Error converting data type {} to {}."),
    8115: (16, False, "Arithmetic overflow error converting {} to data type {}."),
    8134: (16, False, "Divide by zero error encountered."),
    8152: (16, False, "String or binary data would be truncated."),
    8155: (16, True, "No column name was specified for column {} of '{}'."),
    8169: (16, True, "Conversion failed when converting from a character string to uniqueidentifier."),
    9420: (16, True, "XML parsing: line 1, character {}, illegal xml character"),
    9400: (16, True, "XML parsing: line {}, character {}, {}"),
    10744: (15, True, "The number of rows provided for a FETCH clause must be greater then zero."),
    11502: (16, True, "The metadata could not be determined because the statement '{}' is not supported."),
    11514: (
        16,
        True,
        "The metadata could not be determined because statement '{}' contains dynamic SQL."
        "  Consider using the WITH RESULT SETS clause to explicitly describe the result set.",
    ),
    11526: (16, True, "The metadata could not be determined because statement '{}' uses a temp table."),
    18456: (14, True, "Login failed for user '{}'."),
}
_REFUSED = 50000  # not a number of SQL Server's own


def error(number: int, *words: object, state: int = 1) -> SqlError:
    """An error of SQL Server's list, with its words filled in."""
    severity, ends_batch, text = _MESSAGES[number]
    return SqlError(number, text.format(*words), severity=severity, state=state, ends_batch=ends_batch)


def refused(what: str) -> SqlError:
    """Something that a real server may know and this one does not: it says so, and never guesses."""
    return SqlError(_REFUSED, f"The TDS test server does not know {what}.", state=77)
