"""An editor who reads French: the three dots, and what scripts say."""

import pytest
from wagtail.users.models import UserProfile

from wagtail_sms_automation.models import Automation

from ..factories import AutomationFactory, SuperuserFactory
from .editor import add_block, entry, first_block, open_editor, words


AUTOMATIONS = "/admin/sms/automations/"


@pytest.fixture
def french_page(page, log_in):
    """A page of a superuser who reads French."""
    user = SuperuserFactory()
    UserProfile.objects.create(user=user, preferred_language="fr")
    return log_in(page, user)


def test_reprendre_is_in_the_three_dots(french_page):
    automation = AutomationFactory(name="Étape 1", keywords=("COMMANDE",))
    french_page.goto(AUTOMATIONS)
    french_page.locator("table.listing .w-dropdown button").first.click()
    menu = french_page.locator("[data-tippy-root]").filter(has_text="Historique")
    labels = [text.strip() for text in menu.locator("a, button").all_inner_texts()]
    assert labels == ["Modifier", "Reprendre", "Dupliquer", "Historique", "Supprimer"]
    menu.get_by_role("button", name="Reprendre").click()
    french_page.get_by_text("«\xa0Étape 1\xa0» est active").wait_for()
    automation.refresh_from_db()
    assert automation.status == Automation.Status.ACTIVE
    assert french_page.console_errors == []


def test_chips_and_counter_speak_french(french_page):
    open_editor(french_page)
    content = add_block(french_page, "conditions", "Contenu")
    entry(content, "Mots-clés").fill("COMMANDE")
    entry(content, "Mots-clés").press("Enter")
    content.get_by_role("button", name="Ajouter les variantes de casse").click()
    assert words(content) == ["COMMANDE", "Commande", "commande"]
    assert content.get_by_role(
        "button", name="Retirer Commande", exact=True
    ).is_visible()
    reply = add_block(french_page, "actions", "Envoyer un SMS de réponse")
    reply.locator("textarea").fill("Bonjour {{ contact.first_name }}, français " * 9)
    text = reply.inner_text()
    assert "par segment" in text
    assert "Ces caractères raccourcissent les segments\xa0:" in text
    assert "Les variables sont comptées telles que saisies." in text
    assert "vous payez" in text
    assert french_page.console_errors == []


def test_save_and_close_says_that_it_is_paused(french_page):
    open_editor(french_page)
    french_page.get_by_role("textbox", name="Nom").fill("Étape 1")
    content = first_block(french_page, "conditions")
    entry(content, "Mots-clés").fill("COMMANDE")
    first_block(french_page, "actions").locator("textarea").fill("Merci !")
    french_page.get_by_role("button", name="Sauvegarder et fermer").click()
    french_page.get_by_text("est sauvegardée et en pause").wait_for()
    assert french_page.url.endswith(AUTOMATIONS)
    assert french_page.console_errors == []
