"""What the site under fire is told to do, and what each text must lead to.

Every text names itself, and every answer repeats it: whatever the provider accepts can
be traced to the one text that caused it.
"""

#: Staff phones, one a keyword: what goes to one phone is sent one by one.
PHONES = {f"TABLE{place}": f"+3319900008{place}" for place in range(6)}
#: ECHO tells two automations; HELLO tells none.
KEYWORDS = ("ORDER", "CLUB", "ECHO", "HELLO", *PHONES)

LOAD = f"""
from tests import factories
from wagtail_sms_automation.models import SmsSettings

def automation(*keywords, actions):
    factories.AutomationFactory(active=True, keywords=keywords, actions=actions)

def reply(text):
    return factories.reply(text + ": {{{{ message.body }}}}")

group = factories.ContactGroupFactory(name="Club")
automation("ORDER", "ECHO", actions=[reply("Taken")])
automation("ECHO", actions=[reply("Again"), reply("And again")])
automation("CLUB", actions=[reply("Welcome"), factories.add_to_group(group)])
for keyword, phone in {PHONES!r}.items():
    forward = factories.block(
        "forward_to_phone", phone_numbers=[phone], body="Staff: {{{{ message.body }}}}"
    )
    automation(keyword, actions=[forward, reply("Reserved")])
SmsSettings.objects.update_or_create(pk=1, defaults={{
    "replies_per_minute": 30_000, "replies_per_hour": 30_000, "replies_per_day": 30_000,
    "identical_replies": 30_000, "parts_per_day": None,
    "parts_per_day_of_contact": None,
}})
"""


def expected_sends(originator, body):
    """The (recipient, body) of each SMS that one text must lead to, in their order."""
    keyword = body.split()[0]
    replies = {
        "ORDER": ["Taken"],
        "CLUB": ["Welcome"],
        "ECHO": ["Taken", "Again", "And again"],
        "HELLO": [],
    }.get(keyword, ["Reserved"])
    sends = [(originator, f"{text}: {body}") for text in replies]
    if keyword in PHONES:
        sends.insert(0, (PHONES[keyword], f"Staff: {body}"))
    return sends


def joins_club(body):
    """Must the contact be in the club after this text?"""
    return body.startswith("CLUB ")
