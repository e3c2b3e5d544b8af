"""Where the demo school's people live: names as people there bear them, zones, tongues, and what a lesson costs."""

from typing import Final

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """``hour_price`` is what 60 minutes cost there, in minor units of ``currency``."""

    country: str
    zones: tuple[str, ...]
    languages: tuple[str, ...]
    locale: str
    currency: str
    hour_price: int
    men: tuple[str, ...]
    women: tuple[str, ...]
    families: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ARAB_MEN: Final = _words("Ahmad Ibrahim Khalid Mahmoud Mustafa Omar Tariq Yahya Youssef Zakariya Hassan Bilal")
_ARAB_WOMEN: Final = _words("Aisha Asma Fatima Hafsa Hajar Khadija Layla Maryam Nour Salma Sumaya Zaynab")
_SOUTH_ASIAN_MEN: Final = _words("Abdullah Adnan Bilal Faisal Hamza Imran Junaid Kashif Saad Talha Usman Zubair")
_SOUTH_ASIAN_WOMEN: Final = _words("Amina Ayesha Bushra Hira Iqra Javeria Maryam Nadia Rabia Sana Sidra Zainab")

PLACES: Final[dict[str, Place]] = {
    place.country: place
    for place in (
        Place(
            country="PK", zones=("Asia/Karachi",), languages=("ur", "en", "pa"), locale="ur",
            currency="PKR", hour_price=180_000, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Khan Malik Qureshi Siddiqui Chaudhry Butt Sheikh Mirza Baig Rashid"),
        ),
        Place(
            country="IN", zones=("Asia/Kolkata",), languages=("ur", "hi", "en"), locale="en",
            currency="INR", hour_price=70_000, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Ansari Shaikh Pathan Khan Sayyid Qadri Nadwi Farooqui Momin"),
        ),
        Place(
            country="BD", zones=("Asia/Dhaka",), languages=("bn", "en", "ur"), locale="en",
            currency="BDT", hour_price=90_000, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Rahman Hossain Islam Chowdhury Ahmed Uddin Karim Haque"),
        ),
        Place(
            country="NP", zones=("Asia/Kathmandu",), languages=("ur", "ne", "en"), locale="en",
            currency="USD", hour_price=1_000, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Ansari Miya Khan Shah"),
        ),
        Place(
            country="EG", zones=("Africa/Cairo",), languages=("ar", "en"), locale="ar",
            currency="EGP", hour_price=42_000, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Abdelrahman El-Sayed Mansour Farouk Shalaby Naguib Hegazy Eldin"),
        ),
        Place(
            country="MA", zones=("Africa/Casablanca",), languages=("ar", "fr"), locale="ar",
            currency="MAD", hour_price=14_000, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Benali Alaoui Tazi Idrissi Berrada Fassi Chraibi"),
        ),
        Place(
            country="TN", zones=("Africa/Tunis",), languages=("ar", "fr"), locale="ar",
            currency="TND", hour_price=40_000, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Trabelsi Gharbi Jaziri Mejri Ayari"),
        ),
        Place(
            country="SA", zones=("Asia/Riyadh",), languages=("ar", "en"), locale="ar",
            currency="SAR", hour_price=9_000, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Al-Harbi Al-Ghamdi Al-Zahrani Al-Otaibi Al-Qahtani Al-Shehri"),
        ),
        Place(
            country="KW", zones=("Asia/Kuwait",), languages=("ar", "en"), locale="ar",
            currency="KWD", hour_price=7_500, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Al-Mutairi Al-Rashidi Al-Enezi Al-Azmi"),
        ),
        Place(
            country="AE", zones=("Asia/Dubai",), languages=("ar", "en", "ur"), locale="en",
            currency="AED", hour_price=9_500, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Al-Mansoori Al-Hashimi Khan Farooq Al-Suwaidi Rahman"),
        ),
        Place(
            country="SD", zones=("Africa/Khartoum",), languages=("ar", "en"), locale="ar",
            currency="USD", hour_price=1_100, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Osman Eltayeb Bashir Abdalla Elamin"),
        ),
        Place(
            country="NG", zones=("Africa/Lagos",), languages=("ha", "en", "ar"), locale="en",
            currency="NGN", hour_price=900_000,
            men=_words("Abubakar Aliyu Ibrahim Musa Sani Suleiman Umar Yusuf Kabiru"),
            women=_words("Aisha Fatima Hadiza Halima Hauwa Maryam Zainab Rukayya"),
            families=_words("Bello Danjuma Garba Lawal Sadiq Usman Yakubu"),
        ),
        Place(
            country="TR", zones=("Europe/Istanbul",), languages=("tr", "ar"), locale="en",
            currency="TRY", hour_price=45_000,
            men=_words("Ahmet Emre Fatih Hakan Mehmet Mustafa Salih Yunus"),
            women=_words("Ayse Elif Emine Hatice Merve Sumeyye Zeynep Betul"),
            families=_words("Yilmaz Demir Kaya Celik Arslan Dogan Aydin"),
        ),
        Place(
            country="ID", zones=("Asia/Jakarta", "Asia/Makassar"), languages=("id", "ar", "en"), locale="en",
            currency="IDR", hour_price=12_000_000,
            men=_words("Ahmad Fajar Hidayat Ilham Lukman Rizki Syaiful Taufik"),
            women=_words("Aisyah Dewi Fitri Khadijah Laila Nurul Putri Siti"),
            families=_words("Hidayat Kurniawan Nugroho Rahman Santoso Wibowo Saputra"),
        ),
        Place(
            country="MY", zones=("Asia/Kuala_Lumpur",), languages=("ms", "en", "ar"), locale="en",
            currency="MYR", hour_price=6_000,
            men=_words("Amir Azlan Faiz Hafiz Haziq Iskandar Syafiq Zulkifli"),
            women=_words("Aina Balqis Farah Hidayah Nabila Nurul Siti Syahirah"),
            families=_words("Abdullah Hassan Ismail Osman Rahman Yusof"),
        ),
        Place(
            country="GB", zones=("Europe/London",), languages=("en", "ur"), locale="en",
            currency="GBP", hour_price=1_800, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Ahmed Ali Begum Hussain Khan Mahmood Patel Rahman Shah Miah"),
        ),
        Place(
            country="US", zones=("America/New_York", "America/Chicago", "America/Los_Angeles"),
            languages=("en", "ar", "ur"), locale="en", currency="USD", hour_price=2_400,
            men=_words("Adam Ali Hamza Idris Isa Khalid Malik Omar Yusuf Zayd"),
            women=_words("Aaliyah Amira Hana Iman Jana Layla Maryam Safiyyah Sara Yasmin"),
            families=_words("Ahmad Hassan Jackson Karim Mohamed Muhammad Rahim Saleh Siddiqi Williams"),
        ),
        Place(
            country="CA", zones=("America/Toronto", "America/St_Johns"), languages=("en", "fr", "ur"), locale="en",
            currency="CAD", hour_price=2_600, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Ahmed Ali Hussain Khan Malik Mirza Syed"),
        ),
        Place(
            country="DE", zones=("Europe/Berlin",), languages=("de", "tr", "ar"), locale="en",
            currency="EUR", hour_price=2_000,
            men=_words("Adem Bilal Emir Ilyas Karim Malik Tarik Yasin"),
            women=_words("Amina Elif Esra Hatice Lina Meryem Selma Zehra"),
            families=_words("Aydin Becker Kaya Yilmaz Haddad Schneider Demir"),
        ),
        Place(
            country="FR", zones=("Europe/Paris",), languages=("fr", "ar"), locale="en",
            currency="EUR", hour_price=2_000, men=_ARAB_MEN, women=_ARAB_WOMEN,
            families=_words("Benali Diallo Haddad Martin Traore Mansouri Saidi"),
        ),
        Place(
            country="NO", zones=("Europe/Oslo",), languages=("no", "en", "ur"), locale="en",
            currency="NOK", hour_price=22_000, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Ahmed Hansen Khan Mohamud Raja Warsame"),
        ),
        Place(
            country="ZA", zones=("Africa/Johannesburg",), languages=("en", "ur", "ar"), locale="en",
            currency="ZAR", hour_price=25_000, men=_SOUTH_ASIAN_MEN, women=_SOUTH_ASIAN_WOMEN,
            families=_words("Adams Cassim Davids Desai Hendricks Jacobs Moosa Patel"),
        ),
        Place(
            country="AU", zones=("Australia/Sydney", "Australia/Adelaide"), languages=("en", "ar"), locale="en",
            currency="AUD", hour_price=2_800,
            men=_words("Adam Bilal Hamza Ibrahim Jamil Omar Rayan Zain"),
            women=_words("Aaliyah Amira Huda Lina Mariam Noor Sarah Yasmine"),
            families=_words("Chami Elmir Haddad Khan Rahman Saleh Wehbe"),
        ),
    )
}  # fmt: skip

QARIS_FROM: Final = {
    "PK": 11, "EG": 11, "IN": 5, "BD": 3, "NP": 1, "MA": 5, "TN": 2, "SA": 3, "KW": 1, "SD": 2, "NG": 3, "TR": 2,
    "ID": 3, "MY": 2, "GB": 2, "US": 2, "CA": 1, "DE": 1,
}  # fmt: skip
STUDENTS_FROM: Final = {
    "GB": 70, "US": 62, "CA": 24, "DE": 18, "FR": 16, "AU": 20, "AE": 16, "SA": 8, "ZA": 14, "MY": 10, "NO": 10,
    "PK": 12, "IN": 8, "ID": 6, "NG": 6,
}  # fmt: skip
