/*
 * Every difference between PostgreSQL versions (15 to 18, and the release candidates of 19) that the extension meets,
 * in one place.
 */
#pragma once

#if PG_VERSION_NUM < 150000
#error "connector needs PostgreSQL 15 or later"
#endif

extern "C" {
/* 16 moved the varlena macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#include "utils/timestamp.h"
}

/* The bytes that a Datum points to. 19 made Pointer a void*. */
#define connector_bytes(datum) (reinterpret_cast<char*>(DatumGetPointer(datum)))

/* PostgreSQL's macros count a volatile up and down, which C++20 deprecates. */
#define connector_hold_cancel_interrupts() (QueryCancelHoldoffCount = QueryCancelHoldoffCount + 1)
#define connector_resume_cancel_interrupts() (QueryCancelHoldoffCount = QueryCancelHoldoffCount - 1)

/* 18 lets a module tell its name and version. */
#if PG_VERSION_NUM >= 180000
#define CONNECTOR_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "connector", .version = CONNECTOR_VERSION)
#else
#define CONNECTOR_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 16 renamed the ACL checks to a common form. */
#if PG_VERSION_NUM >= 160000
#define connector_aclcheck_fdw(oid, role) object_aclcheck(ForeignDataWrapperRelationId, (oid), (role), ACL_USAGE)
#define connector_aclcheck_server(oid, role) object_aclcheck(ForeignServerRelationId, (oid), (role), ACL_USAGE)
#define connector_aclcheck_namespace(oid, role, mode) object_aclcheck(NamespaceRelationId, (oid), (role), (mode))
#define connector_owns_database(oid, role) object_ownercheck(DatabaseRelationId, (oid), (role))
#define connector_owns_relation(oid, role) object_ownercheck(RelationRelationId, (oid), (role))
#else
#define connector_aclcheck_fdw(oid, role) pg_foreign_data_wrapper_aclcheck((oid), (role), ACL_USAGE)
#define connector_aclcheck_server(oid, role) pg_foreign_server_aclcheck((oid), (role), ACL_USAGE)
#define connector_aclcheck_namespace(oid, role, mode) pg_namespace_aclcheck((oid), (role), (mode))
#define connector_owns_database(oid, role) pg_database_ownercheck((oid), (role))
#define connector_owns_relation(oid, role) pg_class_ownercheck((oid), (role))
#endif

/* 16 gave parseTypeString() a place for soft errors instead of missing_ok. */
#if PG_VERSION_NUM >= 160000
#define connector_parse_type(text, oid, typmod) parseTypeString((text), (oid), (typmod), NULL)
#else
#define connector_parse_type(text, oid, typmod) parseTypeString((text), (oid), (typmod), false)
#endif

/* Whether a collation orders texts by their bytes. 18 keeps it with the collation. */
#if PG_VERSION_NUM >= 180000
#define connector_collation_is_c(collation) (pg_newlocale_from_collation(collation)->collate_is_c)
#else
#define connector_collation_is_c(collation) lc_collate_is_c(collation)
#endif

/* A path that reads a foreign table. 17 knows the clauses of a join that is the remote's, 18 counts what was disabled.
 */
#if PG_VERSION_NUM >= 180000
#define connector_foreign_path(root, relation, rows, startup, total, keys, outer) \
  create_foreignscan_path((root), (relation), NULL, (rows), 0, (startup), (total), (keys), (outer), NULL, NIL, NIL)
#elif PG_VERSION_NUM >= 170000
#define connector_foreign_path(root, relation, rows, startup, total, keys, outer) \
  create_foreignscan_path((root), (relation), NULL, (rows), (startup), (total), (keys), (outer), NULL, NIL, NIL)
#else
#define connector_foreign_path(root, relation, rows, startup, total, keys, outer) \
  create_foreignscan_path((root), (relation), NULL, (rows), (startup), (total), (keys), (outer), NULL, NIL)
#endif

/* A path in which a remote joins, and one in which it makes groups; `local` gives the same rows by other means. */
#if PG_VERSION_NUM >= 180000
#define connector_foreign_join_path(root, join, rows, startup, total, keys, local) \
  create_foreign_join_path((root), (join), NULL, (rows), 0, (startup), (total), (keys), NULL, (local), NIL, NIL)
#define connector_foreign_upper_path(root, output, target, rows, startup, total, local) \
  create_foreign_upper_path((root), (output), (target), (rows), 0, (startup), (total), NIL, (local), NIL, NIL)
#elif PG_VERSION_NUM >= 170000
#define connector_foreign_join_path(root, join, rows, startup, total, keys, local) \
  create_foreign_join_path((root), (join), NULL, (rows), (startup), (total), (keys), NULL, (local), NIL, NIL)
#define connector_foreign_upper_path(root, output, target, rows, startup, total, local) \
  create_foreign_upper_path((root), (output), (target), (rows), (startup), (total), NIL, (local), NIL, NIL)
#else
#define connector_foreign_join_path(root, join, rows, startup, total, keys, local) \
  create_foreign_join_path((root), (join), NULL, (rows), (startup), (total), (keys), NULL, (local), NIL)
#define connector_foreign_upper_path(root, output, target, rows, startup, total, local) \
  create_foreign_upper_path((root), (output), (target), (rows), (startup), (total), NIL, (local), NIL)
#endif

/* The plan of a query without parameters and without parallel workers. 19 has a place for EXPLAIN's state. */
#if PG_VERSION_NUM >= 190000
#define connector_plan_query(query, sql) pg_plan_query((query), (sql), 0, NULL, NULL)
#else
#define connector_plan_query(query, sql) pg_plan_query((query), (sql), 0, NULL)
#endif

/* Runs a query until its receiver wants no more rows, so that it can be run on from there. 18 knows without being told
 * whether it was run before. */
#if PG_VERSION_NUM >= 180000
#define connector_executor_run(query) ExecutorRun((query), ForwardScanDirection, 0)
#else
#define connector_executor_run(query) ExecutorRun((query), ForwardScanDirection, 0, false)
#endif

/* Walks through an expression. 16 declares the callback with its arguments. */
#if PG_VERSION_NUM >= 160000
#define connector_walk(node, walker, context) expression_tree_walker((node), (walker), (context))
#else
#define connector_walk(node, walker, context) \
  expression_tree_walker((node), reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), (context))
#endif

/* Whether an order is a descending one. 18 has the comparison's kind instead of a strategy of B-trees. */
#if PG_VERSION_NUM >= 180000
#define connector_is_descending(key) ((key)->pk_cmptype == COMPARE_GT)
#else
#define connector_is_descending(key) ((key)->pk_strategy == BTGreaterStrategyNumber)
#endif

/* Whether a column has no values but those that are computed when it is looked at, which 18 does itself. */
#if PG_VERSION_NUM >= 180000
#define connector_is_virtual(attribute) ((attribute)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define connector_is_virtual(attribute) (false)
#endif

/* The members of an equivalence class that are columns of a partition. 18 keeps them apart from the others. */
#if PG_VERSION_NUM >= 180000
#define connector_child_members(equal, relid)                                         \
  (static_cast<const List*>((static_cast<int>(relid) < (equal)->ec_childmembers_size) \
                                ? (equal)->ec_childmembers[static_cast<int>(relid)]   \
                                : NIL))
#else
#define connector_child_members(equal, relid) (static_cast<const List*>(NIL))
#endif

/* The role whose privileges a scan has: InvalidOid for the current one. 16 moved it from the range table. */
#if PG_VERSION_NUM >= 160000
#define connector_planned_role(root, relation) ((relation)->userid)
#define connector_scan_role(plan, entry) ((plan)->checkAsUser)
#define connector_check_permissions(query) ExecCheckPermissions((query)->rtable, (query)->rteperminfos, true)
#else
#define connector_check_permissions(query) ExecCheckRTPerms((query)->rtable, true)
#define connector_planned_role(root, relation) (planner_rt_fetch((relation)->relid, (root))->checkAsUser)
#define connector_scan_role(plan, entry) ((entry)->checkAsUser)
#endif

/* 17 lets extensions name their wait events. */
#if PG_VERSION_NUM >= 170000
#define connector_wait_event(name) WaitEventExtensionNew(name)
#else
#define connector_wait_event(name) ((uint32)PG_WAIT_EXTENSION)
#endif

/* 17 can ask for stronger modes as well. */
#if PG_VERSION_NUM >= 170000
#define connector_lock_held(tag, mode) LockHeldByMe((tag), (mode), false)
#else
#define connector_lock_held(tag, mode) LockHeldByMe((tag), (mode))
#endif

/* A set of sockets to wait for. 17 ties it to a resource owner instead of a memory context. */
#if PG_VERSION_NUM >= 170000
#define connector_create_wait_event_set(size) CreateWaitEventSet(CurrentResourceOwner, (size))
#else
#define connector_create_wait_event_set(size) CreateWaitEventSet(CurrentMemoryContext, (size))
#endif

/* 17 lets a background worker connect as a role without LOGIN. */
#if PG_VERSION_NUM >= 170000
#define connector_bypass_login_check BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define connector_bypass_login_check 0
#endif

/* 16 renamed relation file nodes to locators, and closes storage managers by itself from 17 on. */
#if PG_VERSION_NUM >= 160000
#define connector_storage_name RelFileLocator
#define connector_mapped_owner(filenode) RelationMapFilenumberToOid((filenode), false)
#define connector_assume_new_storage(relation) RelationAssumeNewRelfilelocator(relation)
#define connector_new_storage_subid(relation) ((relation)->rd_newRelfilelocatorSubid)
#define connector_first_storage_subid(relation) ((relation)->rd_firstRelfilelocatorSubid)
#else
#define connector_storage_name RelFileNode
#define connector_mapped_owner(filenode) RelationMapFilenodeToOid((filenode), false)
#define connector_assume_new_storage(relation) RelationAssumeNewRelfilenode(relation)
#define connector_new_storage_subid(relation) ((relation)->rd_newRelfilenodeSubid)
#define connector_first_storage_subid(relation) ((relation)->rd_firstRelfilenodeSubid)
#endif
#if PG_VERSION_NUM >= 170000
#define connector_close_storage(oid) ((void)(oid))
#else
#define connector_close_storage(oid) RelationCloseSmgrByOid(oid)
#endif

/* An index that is not built yet. 17 moved the options of operator classes from IndexInfo to an argument, beside one
 * for statistics targets. */
#if PG_VERSION_NUM >= 170000
#define connector_index_create(heap, name, info, columns, method, tablespace, collations, classes, class_options, \
                               options, index_options)                                                            \
  index_create((heap), (name), InvalidOid, InvalidOid, InvalidOid, InvalidOid, (info), (columns), (method),       \
               (tablespace), (collations), (classes), (class_options), (options), NULL, (index_options),          \
               INDEX_CREATE_SKIP_BUILD, 0, true, true, NULL)
#else
#define connector_index_create(heap, name, info, columns, method, tablespace, collations, classes, class_options,    \
                               options, index_options)                                                               \
  ((info)->ii_OpclassOptions = (class_options),                                                                      \
   index_create((heap), (name), InvalidOid, InvalidOid, InvalidOid, InvalidOid, (info), (columns), (method),         \
                (tablespace), (collations), (classes), (options), (index_options), INDEX_CREATE_SKIP_BUILD, 0, true, \
                true, NULL))
#endif

/* An index, without a command. 16 wants to know how many partitions it is for, 19 where in a query text errors are. */
#if PG_VERSION_NUM >= 190000
#define connector_define_index(table, statement) \
  DefineIndex(NULL, (table), (statement), InvalidOid, InvalidOid, InvalidOid, -1, false, true, true, false, true)
#elif PG_VERSION_NUM >= 160000
#define connector_define_index(table, statement) \
  DefineIndex((table), (statement), InvalidOid, InvalidOid, InvalidOid, -1, false, true, true, false, true)
#else
#define connector_define_index(table, statement) \
  DefineIndex((table), (statement), InvalidOid, InvalidOid, InvalidOid, false, true, true, false, true)
#endif

/* Fills an index, with parallel workers if it is worth it. 19 wants to be told to report progress. */
#if PG_VERSION_NUM >= 190000
#define connector_index_build(heap, index, info) index_build((heap), (index), (info), false, true, true)
#else
#define connector_index_build(heap, index, info) index_build((heap), (index), (info), false, true)
#endif

/* 18 counts searches for EXPLAIN, if it is asked to. */
#if PG_VERSION_NUM >= 180000
#define connector_index_beginscan(table, index, snapshot, keys) \
  index_beginscan((table), (index), (snapshot), NULL, (keys), 0)
#else
#define connector_index_beginscan(table, index, snapshot, keys) index_beginscan((table), (index), (snapshot), (keys), 0)
#endif

/* 18 wants to know when an ANALYZE began. */
#if PG_VERSION_NUM >= 180000
#define connector_report_analyze(relation, live) \
  pgstat_report_analyze((relation), (live), 0, true, GetCurrentTimestamp())
#else
#define connector_report_analyze(relation, live) pgstat_report_analyze((relation), (live), 0, true)
#endif

/* 16 shortened the names of what a session has counted of a table and not yet reported. */
#if PG_VERSION_NUM >= 160000
#define connector_unreported(info, what) ((info)->counts.what)
#else
#define connector_unreported(info, what) ((info)->t_counts.t_##what)
#endif

/* 18 counts the pages that are all frozen in pg_class. */
#if PG_VERSION_NUM >= 180000
#define connector_swap_all_frozen(a, b) std::swap((a)->relallfrozen, (b)->relallfrozen)
#else
#define connector_swap_all_frozen(a, b) ((void)0)
#endif

/* 19 has publications of all tables but some, and so two kinds of lists. */
#if PG_VERSION_NUM >= 190000
#define connector_relation_publications(oid) GetRelationIncludedPublications(oid)
#else
#define connector_relation_publications(oid) GetRelationPublications(oid)
#endif

/* 17 has infinite intervals. */
#define connector_has_infinite_intervals (PG_VERSION_NUM >= 170000)

/* Whether a character exists in the server's encoding: 16 can say so, before it there is an ERROR. */
#if PG_VERSION_NUM >= 160000
#define connector_unicode_to_server(character, text) pg_unicode_to_server_noerror((character), (text))
#else
#define connector_unicode_to_server(character, text) (pg_unicode_to_server((character), (text)), true)
#endif

/* 16 renamed the way to another backend's status, counted from 1. */
#if PG_VERSION_NUM >= 160000
#define connector_backend_status(index) pgstat_get_local_beentry_by_index(index)
#else
#define connector_backend_status(index) pgstat_fetch_stat_local_beentry(index)
#endif

/* 16 marks columns by the outer joins that may have made them NULL. */
#if PG_VERSION_NUM >= 160000
#define connector_copy_nulling(to, from) ((to)->varnullingrels = (from)->varnullingrels)
#define connector_copy_placeholder_nulling(to, from) ((to)->phnullingrels = (from)->phnullingrels)
#define connector_nulled_alike(a, b) bms_equal((a)->varnullingrels, (b)->varnullingrels)
#define connector_placeholders_nulled_alike(a, b) bms_equal((a)->phnullingrels, (b)->phnullingrels)
#else
#define connector_copy_nulling(to, from) ((void)(to), (void)(from))
#define connector_copy_placeholder_nulling(to, from) ((void)(to), (void)(from))
#define connector_nulled_alike(a, b) ((void)(a), (void)(b), true)
#define connector_placeholders_nulled_alike(a, b) ((void)(a), (void)(b), true)
#endif

/* A path whose rows are different ones, for a semijoin; null if there is none. 19 makes a relation of its own of it. */
#if PG_VERSION_NUM >= 190000
#define connector_unique_path(root, relation, semijoin) ((relation)->cheapest_total_path)
#else
#define connector_unique_path(root, relation, semijoin) \
  (reinterpret_cast<Path*>(create_unique_path((root), (relation), (relation)->cheapest_total_path, (semijoin))))
#endif

/* 18 counts what was disabled below a path, beside its costs. */
#if PG_VERSION_NUM >= 180000
#define connector_take_disabled(path, below) ((path)->disabled_nodes = (below)->disabled_nodes)
#else
#define connector_take_disabled(path, below) ((void)0)
#endif

/* A copy of an expression whose parts a function may exchange. 16 gave such functions a type. */
#if PG_VERSION_NUM >= 160000
#define connector_mutate(node, function, context) expression_tree_mutator((node), (function), (context))
#else
#define connector_mutate(node, function, context) \
  expression_tree_mutator((node), reinterpret_cast<Node* (*)()>(reinterpret_cast<void (*)()>(function)), (context))
#endif
