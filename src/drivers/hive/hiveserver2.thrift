// What the provider says to HiveServer2, and what it reads of the answers.
//
// Written from the protocol's facts: names and numbers of service, functions, structs and fields as
// HiveServer2 has them (Hive's service-rpc/if/TCLIService.thrift tells them), with only what is called here.
// Enumerations are plain numbers, which are the same on the wire: a number that is not known must not be lost.
// Results of FetchResults are not here: columns.hpp reads them from the protocol without a detour.
// Debian's thrift-compiler makes C++ of this file when the extension is built.

namespace cpp connector.hive.rpc

// --- types of result columns ---

union TypeQualifierValue {
  1: optional i32 i32Value
  2: optional string stringValue
}

struct TypeQualifiers {
  1: required map<string, TypeQualifierValue> qualifiers
}

struct PrimitiveTypeEntry {
  1: required i32 type
  2: optional TypeQualifiers typeQualifiers
}

// The parts of a nested type are other entries of the same description, which nothing here needs.
struct NestedTypeEntry {
}

struct TypeEntry {
  1: optional PrimitiveTypeEntry primitiveEntry
  2: optional NestedTypeEntry arrayEntry
  3: optional NestedTypeEntry mapEntry
  4: optional NestedTypeEntry structEntry
  5: optional NestedTypeEntry unionEntry
  6: optional NestedTypeEntry userDefinedTypeEntry
}

struct TypeDesc {
  1: required list<TypeEntry> types
}

struct ColumnDesc {
  1: required string columnName
  2: required TypeDesc typeDesc
  3: required i32 position
  4: optional string comment
}

struct TableSchema {
  1: required list<ColumnDesc> columns
}

// --- rows of protocol versions 1 to 5 ---

struct BoolValue {
  1: optional bool value
}

struct ByteValue {
  1: optional i8 value
}

struct I16Value {
  1: optional i16 value
}

struct I32Value {
  1: optional i32 value
}

struct I64Value {
  1: optional i64 value
}

struct DoubleValue {
  1: optional double value
}

struct StringValue {
  1: optional string value
}

struct ColumnValue {
  1: optional BoolValue boolVal
  2: optional ByteValue byteVal
  3: optional I16Value i16Val
  4: optional I32Value i32Val
  5: optional I64Value i64Val
  6: optional DoubleValue doubleVal
  7: optional StringValue stringVal
}

struct Row {
  1: required list<ColumnValue> colVals
}

// --- calls ---

struct Status {
  1: required i32 statusCode
  2: optional list<string> infoMessages
  3: optional string sqlState
  4: optional i32 errorCode
  5: optional string errorMessage
}

struct HandleIdentifier {
  1: required binary guid
  2: required binary secret
}

struct SessionHandle {
  1: required HandleIdentifier sessionId
}

struct OperationHandle {
  1: required HandleIdentifier operationId
  2: required i32 operationType
  3: required bool hasResultSet
  4: optional double modifiedRowCount
}

struct OpenSessionReq {
  1: required i32 client_protocol
  2: optional string username
  3: optional string password
  4: optional map<string, string> configuration
}

struct OpenSessionResp {
  1: required Status status
  2: required i32 serverProtocolVersion
  3: optional SessionHandle sessionHandle
  4: optional map<string, string> configuration
}

struct CloseSessionReq {
  1: required SessionHandle sessionHandle
}

struct CloseSessionResp {
  1: required Status status
}

struct ExecuteStatementReq {
  1: required SessionHandle sessionHandle
  2: required string statement
  3: optional map<string, string> confOverlay
  4: optional bool runAsync
  5: optional i64 queryTimeout
}

struct GetTablesReq {
  1: required SessionHandle sessionHandle
  2: optional string catalogName
  3: optional string schemaName
  4: optional string tableName
  5: optional list<string> tableTypes
}

struct GetColumnsReq {
  1: required SessionHandle sessionHandle
  2: optional string catalogName
  3: optional string schemaName
  4: optional string tableName
  5: optional string columnName
}

// The answer of all calls that begin an operation.
struct OperationResp {
  1: required Status status
  2: optional OperationHandle operationHandle
}

struct GetOperationStatusReq {
  1: required OperationHandle operationHandle
}

struct GetOperationStatusResp {
  1: required Status status
  2: optional i32 operationState
  3: optional string sqlState
  4: optional i32 errorCode
  5: optional string errorMessage
}

struct CancelOperationReq {
  1: required OperationHandle operationHandle
}

struct CancelOperationResp {
  1: required Status status
}

struct CloseOperationReq {
  1: required OperationHandle operationHandle
}

struct CloseOperationResp {
  1: required Status status
}

struct GetResultSetMetadataReq {
  1: required OperationHandle operationHandle
}

struct GetResultSetMetadataResp {
  1: required Status status
  2: optional TableSchema schema
}

struct FetchResultsReq {
  1: required OperationHandle operationHandle
  2: required i32 orientation
  3: required i64 maxRows
  4: optional i16 fetchType
}

// Read by columns.hpp; what is left here makes the compiler write the call.
struct FetchResultsResp {
  1: required Status status
}

service TCLIService {
  OpenSessionResp OpenSession(1: OpenSessionReq req)
  CloseSessionResp CloseSession(1: CloseSessionReq req)
  OperationResp ExecuteStatement(1: ExecuteStatementReq req)
  OperationResp GetTables(1: GetTablesReq req)
  OperationResp GetColumns(1: GetColumnsReq req)
  GetOperationStatusResp GetOperationStatus(1: GetOperationStatusReq req)
  CancelOperationResp CancelOperation(1: CancelOperationReq req)
  CloseOperationResp CloseOperation(1: CloseOperationReq req)
  GetResultSetMetadataResp GetResultSetMetadata(1: GetResultSetMetadataReq req)
  FetchResultsResp FetchResults(1: FetchResultsReq req)
}
