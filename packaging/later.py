"""Plugin for mypy: what a call of `bridge.services` returns comes later, so its type is Promise[…] and not the result.

Python's types cannot say that of each method of each service. `Remote[Services].chats` becomes Remote[ChatService], and
its method `send` one that takes the same arguments and returns Promise[SentMessage], which `ask` and `follow` take.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.checkmember import analyze_member_access
from mypy.plugin import AttributeContext, Plugin
from mypy.types import CallableType, Instance, Overloaded, ProperType, Type, get_proper_type

REMOTE = "slmdesk.ui.kit.base.bridge.Remote."


class LaterPlugin(Plugin):
    """Gives the members of a Remote their types."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Return what finds the type of a Remote's member."""
        return member if fullname.startswith(REMOTE) else None


def member(ctx: AttributeContext) -> Type:
    """Return the type of a member of the service that a Remote stands for, as seen from the window."""
    remote, promise = get_proper_type(ctx.type), get_proper_type(ctx.default_attr_type)
    assert isinstance(remote, Instance)
    assert isinstance(promise, Instance)
    service = get_proper_type(remote.args[0])
    name = getattr(ctx.context, "name", "")
    found = analyze_member_access(
        name,
        service,
        ctx.context,
        is_lvalue=False,
        is_super=False,
        is_operator=False,
        original_type=service,
        chk=ctx.api,  # type: ignore[arg-type]  # plugins are given the checker itself
    )
    return later(get_proper_type(found), remote, promise)


def later(found: ProperType, remote: Instance, promise: Instance) -> Type:
    """Return a method with its result promised; a part of a service as a Remote again."""
    if isinstance(found, Overloaded):
        return Overloaded(
            [each.copy_modified(ret_type=promise.copy_modified(args=[each.ret_type])) for each in found.items]
        )
    if isinstance(found, CallableType):
        return found.copy_modified(ret_type=promise.copy_modified(args=[found.ret_type]))
    return remote.copy_modified(args=[found])


def plugin(_version: str) -> type[Plugin]:
    """Return the plugin; mypy asks for it by this name."""
    return LaterPlugin
