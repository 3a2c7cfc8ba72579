/*
 * Every difference between the supported PostgreSQL versions (14 to 18) that the extension meets, in one place.
 */
#pragma once

#if PG_VERSION_NUM < 140000
#error "connector needs PostgreSQL 14 or later"
#endif

/* 16 moved the varlena macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
extern "C" {
#include "varatt.h"
}
#endif

/* 18 wants a named module magic only if one likes; 15 added the request hook for shared memory. */
#if PG_VERSION_NUM >= 180000
#define CONNECTOR_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "connector", .version = CONNECTOR_VERSION)
#else
#define CONNECTOR_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 16 renamed the ACL checks to a common form. */
#if PG_VERSION_NUM >= 160000
#define connector_aclcheck_fdw(oid, role) object_aclcheck(ForeignDataWrapperRelationId, (oid), (role), ACL_USAGE)
#define connector_aclcheck_server(oid, role) object_aclcheck(ForeignServerRelationId, (oid), (role), ACL_USAGE)
#define connector_aclcheck_namespace(oid, role) object_aclcheck(NamespaceRelationId, (oid), (role), ACL_CREATE)
#define connector_owns_database(oid, role) object_ownercheck(DatabaseRelationId, (oid), (role))
#else
#define connector_aclcheck_fdw(oid, role) pg_foreign_data_wrapper_aclcheck((oid), (role), ACL_USAGE)
#define connector_aclcheck_server(oid, role) pg_foreign_server_aclcheck((oid), (role), ACL_USAGE)
#define connector_aclcheck_namespace(oid, role) pg_namespace_aclcheck((oid), (role), ACL_CREATE)
#define connector_owns_database(oid, role) pg_database_ownercheck((oid), (role))
#endif

/* 15 reserves the prefix of an extension's settings; 14 could only warn about unknown ones. */
#if PG_VERSION_NUM >= 150000
#define connector_reserve_settings(prefix) MarkGUCPrefixReserved(prefix)
#else
#define connector_reserve_settings(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 16 gave parseTypeString() a place for soft errors instead of missing_ok. */
#if PG_VERSION_NUM >= 160000
#define connector_parse_type(text, oid, typmod) parseTypeString((text), (oid), (typmod), NULL)
#else
#define connector_parse_type(text, oid, typmod) parseTypeString((text), (oid), (typmod), false)
#endif

/* 17 lets extensions name their wait events. */
#if PG_VERSION_NUM >= 170000
#define connector_wait_event(name) WaitEventExtensionNew(name)
#else
#define connector_wait_event(name) ((uint32)PG_WAIT_EXTENSION)
#endif

/* 17 lets a background worker connect as a role without LOGIN. */
#if PG_VERSION_NUM >= 170000
#define connector_bypass_login_check BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define connector_bypass_login_check 0
#endif
