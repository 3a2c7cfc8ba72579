"""One client: pre-login, TLS, login, requests, attentions."""

from __future__ import annotations

import select
import socket
import time
import traceback
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..fake_server import FakeSession
from . import faults, login, prelogin, requests
from . import packets as wire
from . import tokens as token
from .errors import SqlError, error
from .login import Login
from .packets import Message, ProtocolError, Response, receive_message
from .prelogin import Encryption
from .sink import ResponseSink
from .sql import babelfish
from .sql.babelfish import Product
from .sql.environment import PRODUCT_VERSION
from .sql.executor import Executor
from .tls import SocketStream, TlsStream
from .tokens import Notice, Tokens
from .types import MAX

if TYPE_CHECKING:
    from .server import TdsServer

_PROGRAM = "Microsoft SQL Server"
_UTF8_SUPPORT = 0x0A


class Attention(Exception):
    """The client wants the running request to end."""


class Killed(Exception):
    """Another session killed this one."""


class Session(FakeSession):
    """A client's thread. The public attributes are what the views of sessions show."""

    def __init__(self, server: TdsServer, peer: socket.socket, spid: int) -> None:
        super().__init__(server, peer)
        self.server: TdsServer = server
        self.spid = spid
        self.mode = server.mode
        self.product = server.product
        self.plain = SocketStream(peer, server.record)
        self.stream: SocketStream | TlsStream = self.plain
        self.tokens = Tokens(login.TDS_74, server.name)
        self.login: Login | None = None
        self.packet_size = wire.DEFAULT_SIZE
        self.executor: Executor | None = None
        self.killed = False
        # facts
        self.user = self.host = self.application = ""
        self.statement = ""
        self.waiting = False
        self.handle = b""
        self.since = _now()
        self.started = ""
        self.encrypted = False
        self.version = login.TDS_74

    @property
    def logged_in(self) -> bool:
        return self.executor is not None

    def settings(self) -> tuple[object, ...]:
        executor = self.executor
        if executor is None:
            return (None,) * 5
        known = executor.environment
        return (known.text_size, known.language, known.date_format, known.lock_timeout, known.isolation)

    def serve(self) -> None:
        try:
            if faults.at_accept(self):
                return
            self._enter()
        except (ProtocolError, UnicodeDecodeError) as problem:
            self.server.problems.append(str(problem))
        except faults.Over:
            pass
        finally:
            if self.executor is not None:
                self.executor.close()
                self.executor = None
                self.server.locks.release(self.spid)

    # pre-login and login
    def _enter(self) -> None:
        message = receive_message(self.stream)
        said = Encryption.NOT_SUPPORTED
        if message.kind == wire.PRELOGIN:
            faults.at_prelogin(self)
            answer, said = prelogin.answer(faults.encryption(self), prelogin.parse(message.data), PRODUCT_VERSION)
            self.stream.send(wire.packets(wire.RESPONSE, faults.prelogin_answer(self, answer), spid=self.spid))
            if said is not Encryption.NOT_SUPPORTED:
                self._start_tls()
            message = receive_message(self.stream)
        if message.kind != wire.LOGIN7:
            raise ProtocolError(f"a message of type {message.kind} in place of a login")
        asked = login.parse(message.data)
        if said is Encryption.OFF:  # only the login itself was encrypted
            self.stream = self.plain
        self.encrypted = isinstance(self.stream, TlsStream)
        faults.at_login(self, asked)
        if self._log_in(asked):
            faults.after_login(self)
            self._serve()

    def _start_tls(self) -> None:
        faults.at_tls(self)
        assert self.server.tls is not None
        secured = TlsStream(self.plain, self.server.tls)
        secured.handshake()
        self.stream = secured

    def _log_in(self, asked: Login) -> bool:
        """Answers the login; False if it failed."""
        self.login = asked
        self.server.logins.append(asked)
        self.version = login.agree_version(asked.version, self.server.newest_version)
        self.tokens = Tokens(self.version, self.server.name)
        refusals = self._refusals(asked)
        response = Response(self.stream, self.packet_size, self.spid)
        if refusals:
            self._refuse(refusals, response)
            return False
        self.user, self.host, self.application = asked.user, asked.host, asked.application
        self.executor = Executor(
            self.server.storage,
            self,
            self.server.logged_in,
            self.server.locks,
            check=self.check,
            wait=self.wait,
            kill=self.server.kill,
        )
        database = asked.database or self.server.default_database
        self.executor.catalog.use(database)
        if not self.executor.permissions.may_enter(self.executor.catalog.database):
            self._refuse([error(4060, database), error(18456, asked.user)], response)
            return False
        self._greet(asked, response)
        return True

    def _refuse(self, refusals: list[SqlError], response: Response) -> None:
        if self.product is Product.BABELFISH:
            refusals = [babelfish.reworded(refusals[0])]
        for refusal in refusals:
            response.write(self.tokens.message(_notice(refusal)))
        response.write(self.tokens.done(token.DONE_ERROR))
        response.end()

    def _refusals(self, asked: Login) -> list[SqlError]:
        if asked.integrated:
            text = (
                "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication."
            )
            return [SqlError(18452, text, severity=14)]
        failed = error(18456, asked.user)
        if not self.server.accepts(asked):
            return [failed]
        if asked.database and self.server.storage.find(asked.database) is None:
            return [error(4060, asked.database), failed]
        return []

    def _greet(self, asked: Login, response: Response) -> None:
        assert self.executor is not None
        database = self.executor.catalog.database
        size = asked.packet_size if wire.SMALLEST <= asked.packet_size <= wire.LARGEST else wire.DEFAULT_SIZE
        write, tokens = response.write, self.tokens
        write(token.env_change(token.DATABASE, database, "master"))
        write(tokens.message(Notice(5701, f"Changed database context to '{database}'.", state=2)))
        if self.version >= login.TDS_71:
            collation = self.executor.catalog.collation_of(database)
            write(token.env_change_bytes(token.COLLATION, token.collation_bytes(collation)))
        write(token.env_change(token.LANGUAGE, "us_english"))
        write(tokens.message(Notice(5703, "Changed language setting to us_english.")))
        write(faults.login_ack(self, tokens.login_ack(_PROGRAM, PRODUCT_VERSION)))
        if _UTF8_SUPPORT in asked.features and self.version >= login.TDS_74:
            write(tokens.feature_ack({_UTF8_SUPPORT: b"\1"}))
        write(token.env_change(token.PACKET_SIZE, str(size), str(wire.DEFAULT_SIZE)))
        if self.server.routes_to is not None:
            write(token.routing(*self.server.routes_to))
        write(tokens.done())
        response.end()
        self.packet_size = size

    # requests
    def _serve(self) -> None:
        while True:
            message = receive_message(self.stream)
            if message.kind == wire.ATTENTION:
                self.server.attentions += 1
                self._new_sink().end_by_attention()
            elif message.status & wire.IGNORE:
                self._new_sink().end()
            else:
                self._request(message)
            if self.killed:
                return

    def _new_sink(self) -> ResponseSink:
        executor = self.executor
        assert executor is not None
        response = Response(self.stream, self.packet_size, self.spid)
        return ResponseSink(
            response,
            self.tokens,
            in_transaction=lambda: executor.environment.transactions > 0,
            check=self.check,
            shown=babelfish.sent if self.product is Product.BABELFISH else None,
        )

    def _request(self, message: Message) -> None:
        if message.kind not in (wire.SQL_BATCH, wire.RPC, wire.TRANSACTION_MANAGER):
            raise ProtocolError(f"a request of type {message.kind}")
        data = requests.skip_headers(message.data) if self.version >= login.TDS_72 else message.data
        sink = self._new_sink()
        try:
            self.started = _now()
            if message.kind == wire.SQL_BATCH:
                self._batch(requests.batch_text(data), sink)
            elif message.kind == wire.TRANSACTION_MANAGER:
                self._batch(requests.transaction_text(data), sink)
            else:
                self._rpc(data, sink)
            sink.end()
        except Attention:
            self.server.attentions += 1
            faults.at_attention(self)
            self._give_up_transaction()
            sink.end_by_attention()
        except Killed:
            self._give_up_transaction()
            text = "Cannot continue the execution because the session is in the kill state."
            sink.message(Notice(596, text, severity=21))
            sink.end()
        finally:
            self.statement = ""

    def _give_up_transaction(self) -> None:
        assert self.executor is not None
        if self.executor.connection.in_transaction and not self.executor.environment.transactions:
            self.executor.connection.execute("ROLLBACK")

    def _begin(self, statement: str) -> None:
        self.server.statements.append(statement)
        self.statement = statement
        self.handle = self.spid.to_bytes(4, "big") + len(self.server.statements).to_bytes(8, "big")

    def _batch(self, text: str, sink: ResponseSink) -> None:
        assert self.executor is not None
        self._begin(text)
        if faults.at_statement(self, text, sink):
            return
        try:
            self.executor.batch(text, sink)
        except SqlError as failure:
            self._tell(failure, sink)
        except babelfish.Crash:
            self.server.crash()
            raise
        except (Attention, Killed, OSError, EOFError, ProtocolError):
            raise
        except Exception as defect:
            self._tell(self._defect(defect), sink)

    def _defect(self, defect: Exception) -> SqlError:
        """A fault of the server's own: it is told to the client, and kept for the test."""
        self.server.problems.append("".join(traceback.format_exception(defect)))
        return SqlError(50000, f"The TDS test server failed: {type(defect).__name__}: {defect}", state=79)

    def _rpc(self, data: bytes, sink: ResponseSink) -> None:
        assert self.executor is not None
        for call in requests.calls(data, collations=self.version >= login.TDS_71):
            shown = ".".join(call.procedure)
            texts = [
                one.value
                for one in call.parameters
                if isinstance(one.value, str) and one.kind.length == MAX or one.kind.is_unicode
            ]
            self._begin(str(texts[0]) if texts else shown)
            if faults.at_statement(self, self.statement, sink):
                continue
            sink.entered()
            try:
                status, outputs = self.executor.procedures.call(call.procedure, call.parameters, sink)
                for output in outputs:
                    sink.write(self.tokens.return_value(output.name, output.kind, output.value))
                sink.returned(status)
            except SqlError as failure:
                self._tell(failure, sink, returns=True)
            except (Attention, Killed, OSError, EOFError, ProtocolError):
                raise
            except Exception as defect:
                self._tell(self._defect(defect), sink, returns=True)

    def _tell(self, failure: SqlError, sink: ResponseSink, *, returns: bool = False) -> None:
        assert self.executor is not None
        if self.product is Product.BABELFISH:
            failure = babelfish.reworded(failure)
        self.executor.environment.error_number = failure.number
        if (
            failure.severity >= 16
            and self.executor.connection.in_transaction
            and not self.executor.environment.transactions
        ):
            self.executor.connection.execute("ROLLBACK")
        sink.message(_notice(failure))
        if returns:
            sink.returned(1)
        else:
            sink.abandoned()
            sink.done(None)
        if failure.severity >= 20:
            sink.end()
            raise EOFError("a fatal error ends the connection")

    # while a request runs
    def check(self) -> None:
        """Looks whether the client, or another session, wants the end of what is running."""
        if self.killed:
            raise Killed
        if self.stream.buffered() or select.select([self.peer], [], [], 0)[0]:
            self._interrupted()

    def wait(self, seconds: float) -> None:
        """Waits, and listens for an attention."""
        give_up = time.monotonic() + seconds
        self.waiting = True
        try:
            while (left := give_up - time.monotonic()) > 0:
                if self.stream.buffered() or select.select([self.peer], [], [], left)[0]:
                    self.check()
        finally:
            self.waiting = False

    def _interrupted(self) -> None:
        if self.killed:
            raise Killed
        message = receive_message(self.stream)
        if message.kind == wire.ATTENTION:
            raise Attention
        raise ProtocolError(f"a message of type {message.kind} while a request runs")

    def kill(self) -> None:
        """Ends the session from another thread."""
        self.killed = True
        try:
            self.peer.shutdown(socket.SHUT_RD)
        except OSError:
            pass


def _notice(failure: SqlError) -> Notice:
    return Notice(failure.number, failure.text, failure.severity, failure.state, failure.procedure, failure.line)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-4] + "0"
