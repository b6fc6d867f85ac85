"""Checklists as XLSForm workbooks, which Excel, ODK and KoboToolbox read, and back.

The sheets survey, choices and settings are what the standard asks for. What a checklist has beyond it stands
in columns of its own, which other programs pass over: `part`, `kind`, `code`, `weight`, `critical`, `na`,
`lever`, `topic`, `comment_on`, `expected` and `formula` of the survey, `percent` and the anchors of the
choices; and in a sheet of its own, grades.
"""

from pilot_eval.engines.xlsforms.reading import Imported, Note, read_xlsform
from pilot_eval.engines.xlsforms.writing import xlsform_bytes

__all__ = ["Imported", "Note", "read_xlsform", "xlsform_bytes"]
