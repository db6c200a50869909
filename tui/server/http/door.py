"""Who asks: the same judgement as for a WebSocket's handshake, but nobody may come in unknown."""

from aiohttp import web

from tui.server.auth import Access, Doorkeeper, Refusal
from tui.server.http.answers import RefusedError
from tui.server.http.connections import HttpConnection
from tui.server.limits.admission import Admission


class Door:
    def __init__(self, doorkeeper: Doorkeeper, admission: Admission) -> None:
        self._doorkeeper = doorkeeper
        self._admission = admission

    def enter(self, request: web.Request) -> Access:
        """What whoever asks may do; raises RefusedError."""

        def header(name: str) -> list[str]:
            return list(request.headers.getall(name, ()))

        visit = self._admission.request(request.remote or "", header("X-Forwarded-For"))
        if isinstance(visit, Refusal):
            raise _refused(visit)
        verdict = self._doorkeeper.admit(header, request.raw_path)
        if verdict is None:
            raise RefusedError(401, "A token is needed: Authorization: Bearer …")
        if isinstance(verdict, Refusal):
            if verdict.status == 401:
                self._admission.judged(visit, ok=False)
            raise _refused(verdict)
        self._admission.judged(visit, ok=True)
        if isinstance(request.protocol, HttpConnection):
            request.protocol.known()
        return verdict


def _refused(refusal: Refusal) -> RefusedError:
    return RefusedError(refusal.status, refusal.text.strip(), retry_after=refusal.retry_after)
