// PostgreSQL's own headers for C++ files: include this first in every file of src/pg and above.
//
// Only src/pg, src/load, src/fdw, src/sync and src/api are compiled with PostgreSQL's include path, so nothing below
// the boundary can come to depend on it by accident.
#pragma once

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
}

// port.h replaces the printf family by macros, which would also catch std::snprintf and members of that name.
#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef strerror
#undef strerror_r
#undef gettext
#undef dgettext
#undef ngettext
#undef dngettext
#undef bind
