"""The account of a person who signs in."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody does here; each process opens to some of them."""

    RESEARCHER = "researcher", _("Researcher")
    STEWARD = "steward", _("Data steward of a site")
    CURATOR = "curator", _("Curator of the data centre")


class UserManager(BaseUserManager["User"]):
    """Makes accounts; the only way to one."""

    def create_user(self, *, email: str, name: str, password: str | None, **extra: Any) -> "User":
        """Create an account; without a password nobody can sign in to it."""
        user = self.model(email=email.strip().lower(), name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find an account by email, however it is capitalised."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person with an account, known by an email address."""

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.RESEARCHER)
    is_active = models.BooleanField(_("may sign in"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        """Order of lists."""

        ordering: ClassVar[list[str]] = ["email"]
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.name
