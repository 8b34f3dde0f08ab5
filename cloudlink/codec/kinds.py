"""The first digits of values: which kind stands where. Numbers begin with 1 to 6, see numbers.

00 nothing          01 false            02 true
03 a text again: the count of texts without this form that were there before the first such one
04 bytes: how many, and their digits
05 a column: how many, and the column
06 a table of records: how many, how many keys, the keys as names, and a column for each
07 rows: how many, how many columns, and for each its range and groups (see ranges)
08 a moment: a number, the seconds since 2000 began (see times)
090, 091, 092 no number, infinity, minus infinity
093 a decimal: what it prints as, as a text
094 a record: how many items, and for each a value that is the key and a value
095 a table of lists: how many, how many items each has, and a column for each of these
096 an empty text
7 a text            8 a list: how many, and the values
9 a record: how many items, and for each a name (see names), the key, and a value

In front of a whole value may stand 097 and the digit of a language pack, in which its texts are then.
"""

NOTHING, FALSE, TRUE, AGAIN, BYTES, COLUMN, TABLE, ROWS, MOMENT = (f"0{digit}" for digit in range(9))
NOT_A_NUMBER, INFINITY, MINUS_INFINITY, DECIMAL, KEYED_RECORD, TABLE_OF_LISTS, EMPTY_TEXT, LANGUAGE = (
    f"09{digit}" for digit in range(8)
)
TEXT, LIST, RECORD = "7", "8", "9"

SPECIAL, MORE = "0", "09"
"""What begins with these goes on with another digit before the kind is known."""
